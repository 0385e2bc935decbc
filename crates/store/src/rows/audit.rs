//! Lines of the audit log.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::{Map, Value};

use crate::entity::audit;
use crate::time::micros;
use crate::{Actor, Error};

/// What a line of the audit log says.
pub struct Line<'a> {
    /// Its id.
    pub id: i64,
    /// Whose log.
    pub company: CompanyId,
    /// Who did it.
    pub actor: Actor,
    /// What was done: `endpoint.updated`.
    pub action: &'a str,
    /// To what: an id as it is shown.
    pub subject: String,
    /// More about it, never a secret.
    pub facts: serde_json::Value,
    /// From where.
    pub origin: Option<IpAddr>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Who did it, as it stands in the log.
pub fn actor_text(actor: Actor) -> String {
    match actor {
        Actor::Token(id) => id.to_string(),
        Actor::User(id) => id.to_string(),
        Actor::Source(id) => id.to_string(),
        Actor::Address(id) => id.to_string(),
        Actor::Cli => "cli".to_owned(),
        Actor::Operator => "operator".to_owned(),
    }
}

/// What differs, as `{"changed":{"url":["old","new"]}}`; `None` where nothing does.
pub fn changed(before: Map<String, Value>, mut after: Map<String, Value>) -> Option<Value> {
    let mut differing = Map::new();
    for (name, old) in before {
        let new = after.remove(&name).unwrap_or_default();
        if old != new {
            differing.insert(name, Value::Array(vec![old, new]));
        }
    }
    for (name, new) in after.into_iter().filter(|(_, new)| !new.is_null()) {
        differing.insert(name, Value::Array(vec![Value::Null, new]));
    }
    (!differing.is_empty()).then(|| serde_json::json!({ "changed": differing }))
}

/// Writes a line down, in the transaction of what it tells.
pub async fn write(tx: &impl ConnectionTrait, line: Line<'_>) -> Result<(), Error> {
    let Line { id, company, actor, action, subject, facts, origin, now } = line;
    let row = audit::ActiveModel {
        id: Set(id),
        company_id: Set(company.raw()),
        actor: Set(actor_text(actor)),
        action: Set(action.to_owned()),
        subject: Set(subject),
        facts: Set(facts.to_string()),
        created_at: Set(micros(now)),
        address: Set(origin.map(|address| address.to_string()).unwrap_or_default()),
    };
    audit::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
