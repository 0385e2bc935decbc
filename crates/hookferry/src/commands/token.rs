//! `hookferry token …`.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, TokenId};
use domain::scope::Scope;
use serde_json::{Value, json};
use store::{Actor, Clock, NewToken, PAGE_ROWS_MAX, PageRequest, Store, TokenRecord};

use crate::cli::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs};
use crate::clock::SystemClock;
use crate::settings::Settings;
use crate::settings::sources::Refused;
use crate::{database, duration, name};

/// Makes a token and prints it, this once.
pub async fn create(settings: &Settings, args: TokenCreateArgs) -> anyhow::Result<()> {
    let company = company_id(&args.company)?;
    let now = SystemClock::start().now();
    let name = name::parse(&args.name)?;
    let expires_in = args.expires_in.as_deref().map(expires_in).transpose()?;
    let token = NewToken {
        name,
        scopes: scopes(&args.scopes)?,
        expires_at: expires_in.map(|span| now + span),
    };
    let store = database::open_existing(settings).await?;
    check_company(&store, company).await?;
    let (record, text) = store.create_token(company, token, Actor::Cli, now).await?;
    if args.output.json {
        println!("{}", created_json(&record, &text));
    } else if args.output.quiet {
        println!("{text}");
    } else {
        println!("token {text}");
        println!("It is shown this once. Its id, to revoke it: {}", record.id);
    }
    Ok(())
}

/// Lists a company's tokens, newest first, without the tokens themselves.
pub async fn list(settings: &Settings, args: TokenListArgs) -> anyhow::Result<()> {
    let company = company_id(&args.company)?;
    let store = database::open_existing(settings).await?;
    check_company(&store, company).await?;
    let tokens = all_tokens(&store, company).await?;
    if args.json {
        let data: Vec<Value> = tokens.iter().map(as_json).collect();
        println!("{}", json!({ "data": data }));
        return Ok(());
    }
    let now = SystemClock::start().now();
    for token in &tokens {
        println!("{}", line(token, now));
    }
    Ok(())
}

/// Revokes a token.
pub async fn revoke(settings: &Settings, args: TokenRevokeArgs) -> anyhow::Result<()> {
    let id: TokenId = args.id.parse().map_err(|error| {
        Refused::of(format!("the token's id: {error} (not the token itself; see token list)"))
    })?;
    let store = database::open_existing(settings).await?;
    let company = store.token_company(id).await.with_context(|| format!("token {id}"))?;
    store.revoke_token(company, id, Actor::Cli, SystemClock::start().now()).await?;
    if args.json {
        println!("{}", json!({ "id": id, "revoked": true }));
    } else {
        println!("revoked {id}");
    }
    Ok(())
}

fn company_id(text: &str) -> Result<CompanyId, Refused> {
    text.parse().map_err(|error| Refused::of(format!("--company: {error}; see company list")))
}

async fn check_company(store: &Store, company: CompanyId) -> anyhow::Result<()> {
    store.company(company).await.with_context(|| format!("company {company}"))?;
    Ok(())
}

async fn all_tokens(store: &Store, company: CompanyId) -> anyhow::Result<Vec<TokenRecord>> {
    let mut tokens = Vec::new();
    let mut before = None;
    loop {
        let page = store.tokens(company, PageRequest { limit: PAGE_ROWS_MAX, before }).await?;
        tokens.extend(page.data);
        before = page.next;
        if before.is_none() {
            return Ok(tokens);
        }
    }
}

fn line(token: &TokenRecord, now: DateTime<Utc>) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) if at <= now => format!("expired {}", time(at)),
        (None, Some(at)) => format!("expires {}", time(at)),
        (None, None) => "never expires".to_owned(),
    };
    let used = token
        .last_used_at
        .map_or_else(|| "never used".to_owned(), |at| format!("last used {}", time(at)));
    let (id, hint, scopes) = (token.id, &token.hint, scopes.join(","));
    format!("{id}  {hint}  {scopes}  {state}  {used}  {}", token.name)
}

fn scopes(names: &[String]) -> Result<Vec<Scope>, Refused> {
    let mut scopes = Vec::new();
    for name in names {
        let Some(scope) = Scope::parse(name.trim()) else {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            let wrong = format!("--scope: {name:?} is not a scope; it accepts {known}");
            return Err(Refused::of(wrong));
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn expires_in(text: &str) -> Result<TimeDelta, Refused> {
    let wrong = |what: &str| {
        let accepts = duration::ACCEPTED;
        Refused::of(format!("--expires-in: {text:?} {what}; it accepts {accepts}"))
    };
    let span = duration::parse(text).ok_or_else(|| wrong("is not a duration"))?;
    if span > TimeDelta::zero() { Ok(span) } else { Err(wrong("would be over at once")) }
}

fn as_json(record: &TokenRecord) -> Value {
    json!({
        "id": record.id,
        "company_id": record.company,
        "name": record.name,
        "hint": record.hint,
        "scopes": record.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "expires_at": record.expires_at,
        "last_used_at": record.last_used_at,
        "revoked_at": record.revoked_at,
        "created_at": record.created_at,
    })
}

/// What `token create` prints: the same, and the token itself.
fn created_json(record: &TokenRecord, text: &str) -> Value {
    let mut value = as_json(record);
    value["token"] = Value::from(text);
    value
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
    }

    #[test]
    fn a_token_expires_later_or_not_at_all() {
        assert_eq!(expires_in("90d").unwrap(), TimeDelta::days(90));
        let refused = |text| expires_in(text).unwrap_err().to_string();
        assert!(refused("0s").contains("\"0s\" would be over at once; it accepts"));
        assert!(refused("5").contains("\"5\" is not a duration; it accepts"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_token_is_listed_with_what_became_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let pairs = [("data_dir", dir.path().to_str().unwrap())];
        let settings = Settings::from_pairs(&pairs).unwrap();
        let store = database::open(&settings).await.unwrap();
        let now = SystemClock::start().now();
        let company = store.create_company("A", "a@b", now).await.unwrap().id;
        let other = store.create_company("B", "a@b", now).await.unwrap().id;
        let token = |name: String, expires_at| NewToken {
            name,
            scopes: vec![Scope::Admin, Scope::EventsRead],
            expires_at,
        };
        let mut made = Vec::new();
        for number in 0..=PAGE_ROWS_MAX {
            let new = token(format!("t{number}"), Some(now + TimeDelta::days(1)));
            made.push(store.create_token(company, new, Actor::Cli, now).await.unwrap().0.id);
        }
        store.create_token(other, token("else".to_owned(), None), Actor::Cli, now).await.unwrap();
        store.revoke_token(company, made[0], Actor::Cli, now).await.unwrap();
        let listed = all_tokens(&store, company).await.unwrap();
        made.reverse();
        assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), made);
        let (newest, oldest) = (line(&listed[0], now), line(listed.last().unwrap(), now));
        assert!(newest.contains(&format!("  {}  ", listed[0].hint)), "{newest}");
        assert!(newest.contains("admin,events:read  expires 2"), "{newest}");
        assert!(newest.ends_with("never used  t100"), "{newest}");
        assert!(oldest.contains("revoked 2"), "{oldest}");
        let later = line(&listed[0], now + TimeDelta::days(1));
        assert!(later.contains("expired 2"), "{later}");
        let json = as_json(&listed[0]);
        assert_eq!((&json["name"], &json["revoked_at"]), (&Value::from("t100"), &Value::Null));
        assert!(json.get("token").is_none());
    }
}
