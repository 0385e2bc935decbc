//! The rows that settlement reads and writes.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use domain::endpoint::EndpointState;
use domain::id::{CompanyId, DeliveryId, EndpointId};
use domain::outcome::Outcome;
use sea_orm::sqlx;

use crate::hot::{HotConnection, HotTx, list, runs};
use crate::rows::endpoint_state::StateColumns;
use crate::rows::schedule::schedule_from_text;
use crate::settle::{Attempted, ToSettle};
use crate::time::micros;
use crate::{Claimed, Error, ScheduleChoice};

pub(crate) use crate::settle_history::{attempts, finish, retry};

/// A delivery that ends.
pub(crate) struct FinishRow<'a> {
    pub(crate) delivery: &'a Claimed,
    pub(crate) finish: Finish,
    pub(crate) attempt: Option<&'a Attempted>,
    pub(crate) finished_at: DateTime<Utc>,
}

/// A delivery that is due again.
pub(crate) struct RetryRow<'a> {
    pub(crate) attempted: &'a Attempted,
    pub(crate) due_at: i64,
}

/// An endpoint as settlement needs it.
#[derive(Debug, Clone)]
pub(crate) struct EndpointRow {
    pub(crate) id: EndpointId,
    pub(crate) company: CompanyId,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) schedule: ScheduleChoice,
    pub(crate) state: EndpointState,
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
}

/// The rows of a batch that a node still holds.
pub(crate) const CLAIMS_POSTGRES: &str = "SELECT p.id, p.canceled FROM unnest((SELECT $1::bigint[]), $2::bigint[]) \
    AS t(company_id, id) JOIN pending_held p ON p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id \
    WHERE p.claimed_by + 0 = $3";

/// Which of these deliveries this node still holds, and whether they were canceled meanwhile.
pub(crate) async fn claims(
    tx: &mut HotTx,
    batch: &[&ToSettle],
    incarnation: i64,
) -> Result<HashMap<DeliveryId, bool>, Error> {
    let mut found: Vec<(i64, i64)> = Vec::with_capacity(batch.len());
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(batch) {
                let sql = list(
                    "SELECT id, canceled FROM pending WHERE id IN (",
                    run.len(),
                    ") AND +claimed_by = ?",
                );
                let mut query = sqlx::query_as::<_, (i64, i64)>(sql);
                for item in run {
                    query = query.bind(item.delivery().id.raw());
                }
                found.extend(query.bind(incarnation).fetch_all(&mut **connection).await?);
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&ToSettle) -> i64| {
                batch.iter().map(|item| pick(item)).collect::<Vec<_>>()
            };
            found = sqlx::query_as(CLAIMS_POSTGRES)
                .bind(column(|item| item.delivery().event.company.raw()))
                .bind(column(|item| item.delivery().id.raw()))
                .bind(incarnation)
                .fetch_all(&mut **connection)
                .await?;
        }
    }
    Ok(found.into_iter().map(|(id, canceled)| (DeliveryId::from_raw(id), canceled != 0)).collect())
}

pub(crate) type Columns = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    Option<i64>,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    i64,
    Option<i64>,
    Option<String>,
);

const ENDPOINT: &str = "SELECT id, company_id, url, description, schedule, switch, held_since, \
    held_total_us, failures, failing_since, defective_at, epoch, last_status, last_error \
    FROM endpoints WHERE deleted_at IS NULL AND id ";

/// Endpoints that are not deleted, by id.
pub(crate) async fn endpoints(
    tx: &mut HotTx,
    ids: &[i64],
) -> Result<HashMap<EndpointId, EndpointRow>, Error> {
    let sql = sqlx::AssertSqlSafe(endpoints_sql(ids));
    let rows: Vec<Columns> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            sqlx::query_as(sql).persistent(false).fetch_all(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            sqlx::query_as(sql).persistent(false).fetch_all(&mut **connection).await?
        }
    };
    endpoint_rows(rows)
}

/// Reads these endpoints, as far as they are not deleted, as columns for [`endpoint_rows`].
pub(crate) fn endpoints_sql(ids: &[i64]) -> String {
    let mut sql = format!("{ENDPOINT} IN (NULL");
    for id in ids {
        let _ = write!(sql, ",{id}");
    }
    sql.push(')');
    sql
}

/// What [`endpoints_sql`] has read, by id.
pub(crate) fn endpoint_rows(rows: Vec<Columns>) -> Result<HashMap<EndpointId, EndpointRow>, Error> {
    rows.into_iter().map(|row| endpoint_row(row).map(|row| (row.id, row))).collect()
}

/// Endpoints that are not deleted, by id, locked in the order of their ids, so that two nodes cannot
/// lock each other out. `None` on SQLite, where the write transaction is the lock.
pub(crate) async fn lock_endpoints(
    tx: &mut HotTx,
    ids: &[i64],
) -> Result<Option<HashMap<EndpointId, EndpointRow>>, Error> {
    match &mut tx.connection {
        HotConnection::Postgres(connection) if !ids.is_empty() => {
            let sql = sqlx::AssertSqlSafe(format!("{ENDPOINT} = ANY($1) ORDER BY id FOR UPDATE"));
            let rows = sqlx::query_as(sql).bind(ids).fetch_all(&mut **connection).await?;
            endpoint_rows(rows).map(Some)
        }
        HotConnection::Postgres(_) | HotConnection::Sqlite(_) => Ok(None),
    }
}

fn endpoint_row(row: Columns) -> Result<EndpointRow, Error> {
    let (
        id,
        company_id,
        url,
        description,
        schedule,
        switch,
        held_since,
        held_total_us,
        failures,
        failing_since,
        defective_at,
        epoch,
        last_status,
        last_error,
    ) = row;
    let columns = StateColumns {
        switch,
        held_since,
        held_total_us,
        failures,
        failing_since,
        defective_at,
        epoch,
    };
    Ok(EndpointRow {
        id: EndpointId::from_raw(id),
        company: CompanyId::from_raw(company_id),
        url,
        description,
        schedule: schedule_from_text(id, &schedule)?,
        state: columns.read(id)?,
        last_status,
        last_error,
    })
}

/// Writes endpoints' states; with the last failure of the streak, where there was one.
pub(crate) async fn update_endpoints(
    tx: &mut HotTx,
    changed: &[(EndpointRow, EndpointState, Option<&Outcome>)],
) -> Result<(), Error> {
    const SQL: &str = "UPDATE endpoints SET switch = $2, held_since = $3, held_total_us = $4, failures = $5, \
        failing_since = $6, defective_at = $7, epoch = $8, last_status = $9, last_error = $10 WHERE id = $1";
    for (row, state, failed) in changed {
        let columns = StateColumns::of(state);
        let (last_status, last_error) = last_failure(row, state, *failed);
        macro_rules! update {
            ($connection:expr) => {
                sqlx::query(SQL)
                    .bind(row.id.raw())
                    .bind(columns.switch)
                    .bind(columns.held_since)
                    .bind(columns.held_total_us)
                    .bind(columns.failures)
                    .bind(columns.failing_since)
                    .bind(columns.defective_at)
                    .bind(columns.epoch)
                    .bind(last_status)
                    .bind(last_error)
                    .execute(&mut **$connection)
                    .await
                    .map(|_| ())
            };
        }
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => update!(connection)?,
            HotConnection::Postgres(connection) => update!(connection)?,
        }
    }
    Ok(())
}

/// Status and error of the last failed attempt of the present streak.
pub(crate) fn last_failure(
    row: &EndpointRow,
    state: &EndpointState,
    failed: Option<&Outcome>,
) -> (Option<i64>, Option<String>) {
    if state.streak() == 0 {
        return (None, None);
    }
    failure_columns(row, failed)
}

/// The same of a failed attempt; `None`: the last that was settled before.
pub(crate) fn failure_columns(
    row: &EndpointRow,
    failed: Option<&Outcome>,
) -> (Option<i64>, Option<String>) {
    match failed {
        Some(outcome) => (
            outcome.status_code.map(i64::from),
            outcome.failure.as_ref().map(|failure| storable(&failure.message)),
        ),
        None => (row.last_status, row.last_error.clone()),
    }
}

/// Raises the configuration version of companies whose endpoints the engine switched off.
pub(crate) async fn bump_companies(tx: &mut HotTx, companies: &[CompanyId]) -> Result<(), Error> {
    const SQL: &str = "UPDATE companies SET config_version = config_version + 1 WHERE id = $1";
    let mut sorted: Vec<i64> = companies.iter().map(|company| company.raw()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    for company in sorted {
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                sqlx::query(SQL).bind(company).execute(&mut **connection).await?;
            }
            HotConnection::Postgres(connection) => {
                sqlx::query(SQL).bind(company).execute(&mut **connection).await?;
            }
        }
    }
    Ok(())
}

/// Text that both databases can hold: without NUL, at most 1,000 characters.
pub(crate) fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(1_000).collect()
}

pub(crate) const fn finish_code(finish: Finish) -> i64 {
    match finish {
        Finish::Delivered => 1,
        Finish::Exhausted => 2,
        Finish::Expired => 3,
        Finish::Canceled => 4,
    }
}

pub(crate) fn ended(row: &FinishRow<'_>) -> i64 {
    micros(row.finished_at)
}
