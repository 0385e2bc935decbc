//! Mails about endpoints, as rows of the outbox written in the transaction of their cause.

use chrono::{DateTime, Utc};
use domain::endpoint::{EndpointState, Health, Transition};
use domain::id::EndpointId;
use domain::notice::{self, NoticeKind, NoticeMemory};
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

/// Writes the mails that transitions call for.
pub(crate) async fn write_notices(
    store: &Store,
    tx: &mut HotTx,
    told: &[(EndpointRow, EndpointState, Transition, DateTime<Utc>)],
) -> Result<(), Error> {
    for (row, state, transition, at) in told {
        write_notice(store, tx, row, state, NoticeKind::about(*transition), *at).await?;
    }
    Ok(())
}

/// Drops early warnings that were held back and whose streak has ended.
pub(crate) async fn undo_warnings(
    tx: &mut HotTx,
    calmed: &[(EndpointId, DateTime<Utc>)],
) -> Result<(), Error> {
    for (endpoint, at) in calmed {
        undo_held_back(tx, *endpoint, NoticeKind::Warning, *at).await?;
    }
    Ok(())
}

async fn write_notice(
    store: &Store,
    tx: &mut HotTx,
    row: &EndpointRow,
    state: &EndpointState,
    kind: NoticeKind,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut undone_defective = false;
    for undone in kind.undoes() {
        let any = undo_held_back(tx, row.id, *undone, now).await?;
        undone_defective |= any && *undone == NoticeKind::Defective;
    }
    if kind == NoticeKind::Recovered && !notice::tells_recovery(undone_defective) {
        return Ok(());
    }
    let memory = NoticeMemory { last_due: last_due(tx, row.id, kind).await? };
    let Some(due) = notice::due(memory, now) else { return Ok(()) };
    let facts = facts(store, tx, row, state, now).await?;
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

/// The addresses of the company's owners and admins.
async fn recipients(tx: &mut HotTx, row: &EndpointRow) -> Result<Vec<String>, Error> {
    const SQL: &str = "SELECT u.email FROM members m JOIN users u ON u.id = m.user_id \
        WHERE m.company_id = $1 AND m.role IN ('owner', 'admin') ORDER BY u.id";
    let rows: Vec<(String,)> = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(row.company.raw())
        .fetch_all(connection)
        .await)?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

async fn facts(
    store: &Store,
    tx: &mut HotTx,
    row: &EndpointRow,
    state: &EndpointState,
    now: DateTime<Utc>,
) -> Result<MailFacts, Error> {
    const NAME: &str = "SELECT name FROM companies WHERE id = $1";
    let name: Option<(String,)> = on_either!(tx, connection => sqlx::query_as(NAME)
        .bind(row.company.raw())
        .fetch_optional(connection)
        .await)?;
    const WAITING: &str = "SELECT count(*) FROM (SELECT 1 FROM pending WHERE endpoint_id = $1 \
        AND claimed_by = 0 LIMIT $2) w";
    let (waiting,): (i64,) = on_either!(tx, connection => sqlx::query_as(WAITING)
        .bind(row.id.raw())
        .bind(i64::from(WAITING_COUNT_MAX) + 1)
        .fetch_one(connection)
        .await)?;
    const LAST: &str = "SELECT last_status, last_error FROM endpoints WHERE id = $1";
    let last: Option<(Option<i64>, Option<String>)> = on_either!(tx, connection => sqlx::query_as(LAST)
        .bind(row.id.raw())
        .fetch_optional(connection)
        .await)?;
    let (last_status, last_error) = last.unwrap_or((row.last_status, row.last_error.clone()));
    let failing_since = match state.health {
        Health::Healthy => None,
        Health::Failing { since, .. } | Health::Defective { since, .. } => Some(since),
    };
    let policy = store.policy();
    Ok(MailFacts {
        company_name: name.map(|(name,)| name).unwrap_or_default(),
        endpoint_id: row.id.to_string(),
        endpoint_url: public_url(&row.url),
        endpoint_description: row.description.clone(),
        failures: state.streak(),
        failing_since,
        last_status: last_status.and_then(|status| u16::try_from(status).ok()),
        last_error,
        waiting: u32::try_from(waiting).unwrap_or(WAITING_COUNT_MAX).min(WAITING_COUNT_MAX + 1),
        happened_at: now,
        give_up_after_s: policy.give_up_after.num_seconds(),
        defective_after: policy.streak.defective_after,
    })
}

/// A URL without what may be secret in it.
fn public_url(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            url.to_string()
        }
        Err(_) => String::new(),
    }
}
