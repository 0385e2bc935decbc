//! `hookferry token …`.

use anyhow::{Context, bail};
use domain::id::{CompanyId, TokenId};
use domain::scope::Scope;
use serde_json::json;
use store::{Actor, Clock, NewToken, TokenRecord};

use crate::cli::{TokenCreateArgs, TokenRevokeArgs};
use crate::clock::SystemClock;
use crate::settings::Settings;
use crate::{database, duration};

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// Makes a token and prints it, this once.
pub async fn create(settings: &Settings, args: TokenCreateArgs) -> anyhow::Result<()> {
    let company: CompanyId = args.company.parse().context("--company")?;
    let now = SystemClock::start().now();
    let name = args.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
        bail!("--name must have 1 to {NAME_CHARACTERS_MAX} characters");
    }
    let expires_in = args.expires_in.as_deref().map(expires_in).transpose()?;
    let token = NewToken {
        name: name.to_owned(),
        scopes: scopes(&args.scopes)?,
        expires_at: expires_in.map(|span| now + span),
    };
    let store = database::open(settings).await?;
    store.company(company).await.with_context(|| format!("company {company}"))?;
    let (record, text) = store.create_token(company, token, Actor::Cli, now).await?;
    if args.output.json {
        println!("{}", as_json(&record, &text));
    } else if args.output.quiet {
        println!("{text}");
    } else {
        println!("token {text}");
        println!("It is shown this once. Its id, to revoke it: {}", record.id);
    }
    Ok(())
}

/// Revokes a token.
pub async fn revoke(settings: &Settings, args: TokenRevokeArgs) -> anyhow::Result<()> {
    let id: TokenId = args.id.parse().context("the token's id (not the token itself)")?;
    let store = database::open(settings).await?;
    let company = store.token_company(id).await.with_context(|| format!("token {id}"))?;
    store.revoke_token(company, id, Actor::Cli, SystemClock::start().now()).await?;
    if args.json {
        println!("{}", json!({ "id": id, "revoked": true }));
    } else {
        println!("revoked {id}");
    }
    Ok(())
}

fn scopes(names: &[String]) -> anyhow::Result<Vec<Scope>> {
    let mut scopes = Vec::new();
    for name in names {
        let known = || Scope::ALL.map(Scope::as_str).join(", ");
        let scope = Scope::parse(name.trim())
            .with_context(|| format!("--scope: {name:?} is not a scope; it accepts {}", known()))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn expires_in(text: &str) -> anyhow::Result<chrono::TimeDelta> {
    let span = duration::parse(text).filter(|span| *span > chrono::TimeDelta::zero());
    span.with_context(|| {
        format!("--expires-in: {text:?} is not a duration; it accepts {}", duration::ACCEPTED)
    })
}

fn as_json(record: &TokenRecord, text: &str) -> serde_json::Value {
    json!({
        "id": record.id,
        "company_id": record.company,
        "name": record.name,
        "scopes": record.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "expires_at": record.expires_at,
        "created_at": record.created_at,
        "token": text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_ones_each_once() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let read = scopes(&names(&["admin", " events:write", "admin"])).unwrap();
        assert_eq!(read, [Scope::Admin, Scope::EventsWrite]);
        let refused = scopes(&names(&["event:write"])).unwrap_err().to_string();
        assert!(
            refused
                .starts_with("--scope: \"event:write\" is not a scope; it accepts events:write,")
        );
        assert!(expires_in("0s").is_err() && expires_in("soon").is_err());
        assert_eq!(expires_in("90d").unwrap(), chrono::TimeDelta::days(90));
    }
}
