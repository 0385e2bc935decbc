//! Mails about endpoints, as rows of the outbox written in the transaction of their cause.

use chrono::{DateTime, Utc};
use domain::endpoint::{EndpointState, Health, Transition};
use domain::id::EndpointId;
use domain::notice::{self, NoticeKind, NoticeMemory};
use domain::operational::OperationalEvent;
use domain::outcome::Failure;
use sea_orm::sqlx;

use crate::hot::{HotConnection, HotTx};
use crate::settle_rows::EndpointRow;
use crate::time::{from_micros, micros};
use crate::{Error, MailFacts, Store, WAITING_COUNT_MAX};

/// Runs a statement on either database; the text is the same.
macro_rules! on_either {
    ($tx:expr, $connection:ident => $run:expr) => {
        match &mut $tx.connection {
            HotConnection::Sqlite(held) => {
                let $connection = &mut **held;
                $run
            }
            HotConnection::Postgres(held) => {
                let $connection = &mut **held;
                $run
            }
        }
    };
}

/// A transition of an endpoint, with the streak that it is about.
pub(crate) struct Telling {
    pub(crate) row: EndpointRow,
    pub(crate) transition: Transition,
    pub(crate) health: Health,
    /// Of the last failed attempt of that streak.
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    /// Why that attempt failed; `None`: it was settled before, and only its message is known.
    pub(crate) failure: Option<Failure>,
    pub(crate) at: DateTime<Utc>,
    /// The endpoint right after the transition.
    pub(crate) after: EndpointState,
    /// The operational event that tells of it, where one does.
    pub(crate) event: Option<OperationalEvent>,
}

/// Writes the mails that transitions call for, in their order, and drops those held back that they
/// make untrue.
pub(crate) async fn write_notices(
    store: &Store,
    tx: &mut HotTx,
    told: &[Telling],
) -> Result<(), Error> {
    for telling in told {
        write_notice(store, tx, telling).await?;
    }
    Ok(())
}

async fn write_notice(store: &Store, tx: &mut HotTx, telling: &Telling) -> Result<(), Error> {
    let (row, now) = (&telling.row, telling.at);
    let mut undone_defective = false;
    for undone in notice::undone_by(telling.transition) {
        let any = undo_held_back(tx, row.id, *undone, now).await?;
        undone_defective |= any && *undone == NoticeKind::Defective;
    }
    let Some(kind) = NoticeKind::about(telling.transition) else { return Ok(()) };
    if kind == NoticeKind::Recovered && !notice::tells_recovery(undone_defective) {
        return Ok(());
    }
    let memory = NoticeMemory { last_due: last_due(tx, row.id, kind).await? };
    let Some(due) = notice::due(memory, now) else { return Ok(()) };
    let facts = facts(store, tx, telling).await?;
    let facts = serde_json::to_string(&facts).map_err(|error| Error::Corrupt {
        table: "mail_outbox",
        id: 0,
        what: error.to_string(),
    })?;
    for recipient in recipients(tx, row).await? {
        let id = store.new_id(now);
        const SQL: &str = "INSERT INTO mail_outbox (id, company_id, endpoint_id, kind, recipient, facts, held_back, \
            due_at, first_due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
        on_either!(tx, connection => sqlx::query(SQL)
            .bind(id)
            .bind(row.company.raw())
            .bind(row.id.raw())
            .bind(kind.as_str())
            .bind(recipient)
            .bind(facts.clone())
            .bind(i64::from(due > now))
            .bind(micros(due))
            .bind(micros(now))
            .execute(connection)
            .await
            .map(|_| ()))?;
    }
    Ok(())
}

/// Drops mails that were waiting for the end of a quiet time and are no longer true.
async fn undo_held_back(
    tx: &mut HotTx,
    endpoint: EndpointId,
    kind: NoticeKind,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    const SQL: &str = "UPDATE mail_outbox SET state = 'undone' WHERE endpoint_id = $1 AND kind = $2 \
        AND state = 'queued' AND held_back = 1 AND due_at > $3";
    let count = on_either!(tx, connection => sqlx::query(SQL)
        .bind(endpoint.raw())
        .bind(kind.as_str())
        .bind(micros(now))
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(count > 0)
}

/// When the last mail of a kind about an endpoint went out, or is to go out.
async fn last_due(
    tx: &mut HotTx,
    endpoint: EndpointId,
    kind: NoticeKind,
) -> Result<Option<DateTime<Utc>>, Error> {
    const SQL: &str = "SELECT max(first_due_at) FROM mail_outbox WHERE endpoint_id = $1 AND kind = $2 \
        AND state <> 'undone'";
    let (last,): (Option<i64>,) = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(endpoint.raw())
        .bind(kind.as_str())
        .fetch_one(connection)
        .await)?;
    Ok(last.map(from_micros))
}

/// The addresses of the company's owners and admins, those that were proved to be theirs.
async fn recipients(tx: &mut HotTx, row: &EndpointRow) -> Result<Vec<String>, Error> {
    const SQL: &str = "SELECT u.email FROM members m JOIN users u ON u.id = m.user_id \
        WHERE m.company_id = $1 AND m.role IN ('owner', 'admin') \
        AND u.email_verified_at IS NOT NULL ORDER BY u.id";
    let rows: Vec<(String,)> = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(row.company.raw())
        .fetch_all(connection)
        .await)?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

async fn facts(store: &Store, tx: &mut HotTx, telling: &Telling) -> Result<MailFacts, Error> {
    let row = &telling.row;
    const NAME: &str = "SELECT name FROM companies WHERE id = $1";
    let name: Option<(String,)> = on_either!(tx, connection => sqlx::query_as(NAME)
        .bind(row.company.raw())
        .fetch_optional(connection)
        .await)?;
    let waiting = waiting(tx, row.id).await?;
    let policy = store.policy();
    Ok(MailFacts {
        company_name: name.map(|(name,)| name).unwrap_or_default(),
        endpoint_id: row.id.to_string(),
        endpoint_url: public_url(&row.url),
        endpoint_description: row.description.clone(),
        failures: telling.health.failures(),
        failing_since: telling.health.since(),
        last_status: telling.last_status.and_then(|status| u16::try_from(status).ok()),
        last_error: telling.last_error.clone(),
        waiting,
        happened_at: telling.at,
        give_up_after_s: policy.give_up_after.num_seconds(),
        defective_after: policy.streak.defective_after,
    })
}

/// How many deliveries wait for an endpoint, counted up to one more than [`WAITING_COUNT_MAX`].
pub(crate) async fn waiting(tx: &mut HotTx, endpoint: EndpointId) -> Result<u32, Error> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM pending WHERE endpoint_id = $1 \
        AND claimed_by = 0 LIMIT $2) w";
    let (waiting,): (i64,) = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(endpoint.raw())
        .bind(i64::from(WAITING_COUNT_MAX) + 1)
        .fetch_one(connection)
        .await)?;
    Ok(u32::try_from(waiting).unwrap_or(WAITING_COUNT_MAX).min(WAITING_COUNT_MAX + 1))
}

/// A URL without what may be secret in it.
pub(crate) fn public_url(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            url.to_string()
        }
        Err(_) => String::new(),
    }
}
