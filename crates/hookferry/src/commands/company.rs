//! `hookferry company …`.

use serde_json::{Value, json};
use store::{Clock, CompanyRecord};

use crate::cli::CompanyCreateArgs;
use crate::clock::SystemClock;
use crate::settings::Settings;
use crate::settings::sources::Refused;
use crate::{database, name};

/// The longest mail address, in bytes.
const EMAIL_BYTES_MAX: usize = 254;

/// Makes a company and its owner.
pub async fn create(settings: &Settings, args: CompanyCreateArgs) -> anyhow::Result<()> {
    let name = name::parse(&args.name.or(args.positional_name).unwrap_or_default())?;
    let email = args.owner_email.trim();
    if !is_email(email) {
        let wrong = format!("--owner-email: {email:?} is not a mail address");
        return Err(Refused::of(wrong).into());
    }
    let store = database::open_existing(settings).await?;
    let company = store.create_company(&name, email, SystemClock::start().now()).await?;
    if args.output.json {
        println!("{}", as_json(&company));
    } else if args.output.quiet {
        println!("{}", company.id);
    } else {
        println!("company {} ({}), owner {email}", company.id, company.name);
    }
    Ok(())
}

/// Lists companies, newest first.
pub async fn list(settings: &Settings, json: bool) -> anyhow::Result<()> {
    let companies = database::open_existing(settings).await?.companies().await?;
    if json {
        let data: Vec<Value> = companies.iter().map(as_json).collect();
        println!("{}", json!({ "data": data }));
        return Ok(());
    }
    for company in companies {
        let made = company.created_at.format("%Y-%m-%d %H:%M:%SZ");
        println!("{}  {made}  {}", company.id, company.name);
    }
    Ok(())
}

fn as_json(company: &CompanyRecord) -> Value {
    let CompanyRecord { id, name, created_at } = company;
    json!({ "id": id, "name": name, "created_at": created_at })
}

fn is_email(text: &str) -> bool {
    let fits = text.len() <= EMAIL_BYTES_MAX
        && text.chars().all(|letter| letter > ' ' && !letter.is_control());
    fits && text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !local.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses() {
        for text in ["a@b", "priya.mehta+x@example.com", "प्रिया@उदाहरण.भारत"]
        {
            assert!(is_email(text), "{text}");
        }
        for text in ["", "@", "a@", "@b", "a b@c", "a@b@c", "a\n@b", "a\u{7f}@b", &"a".repeat(260)]
        {
            assert!(!is_email(text), "{text}");
        }
    }
}
