//! Counts of attempts by minute, written with the settlement that they are about; hours are made of minutes
//! behind everything else (`stats_work`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use domain::stats::{Answered, BUCKETS, Latencies};
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx};
use crate::script::RowsInsert;
use crate::settle::Attempted;

/// Seconds of a minute's row.
pub(crate) const MINUTE: i64 = 60;
/// Seconds of an hour's row.
pub(crate) const HOUR: i64 = 3_600;
/// How long minutes are kept.
pub(crate) const MINUTES_KEPT: TimeDelta = TimeDelta::hours(48);

/// Stands for all endpoints of a company.
pub(crate) const ALL_ENDPOINTS: i64 = 0;
const KEY_COLUMNS: usize = 8;
/// How many parameters [`insert_sql`] has.
pub(crate) const COLUMNS: usize = KEY_COLUMNS + BUCKETS;

/// One row as it is added.
pub(crate) type Row = [i64; COLUMNS];

/// One row without what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    company: i64,
    endpoint: i64,
    began_at: i64,
    code: i64,
    success: bool,
}

static INSERT_SQLITE: LazyLock<RowsInsert> =
    LazyLock::new(|| RowsInsert::of(insert("").into(), COLUMNS, on_conflict().into()));
static INSERT_POSTGRES: LazyLock<String> = LazyLock::new(|| insert_sql(1));

/// What adds rows on PostgreSQL, of arrays: one a column, from the parameter `$first` on.
pub(crate) fn insert_sql(first: usize) -> String {
    let marks: Vec<String> =
        (first + 1..first + COLUMNS).map(|place| format!("${place}::bigint[]")).collect();
    let rows = format!("SELECT * FROM unnest((SELECT ${first}::bigint[]),{})", marks.join(","));
    insert(&rows) + &on_conflict()
}

/// What adds rows; `tail` says which.
pub(crate) fn insert(tail: &str) -> String {
    let latencies: Vec<String> = (0..BUCKETS).map(|bucket| format!("l{bucket}")).collect();
    format!(
        "INSERT INTO stats (company_id, endpoint_id, grain, began_at, code, success, slot, attempts, {}) {tail}",
        latencies.join(", ")
    )
}

fn on_conflict() -> String {
    let sums =
        (0..BUCKETS).map(|bucket| format!("l{bucket} = stats.l{bucket} + excluded.l{bucket}"));
    format!(
        " ON CONFLICT (company_id, endpoint_id, grain, began_at, code, success, slot) DO UPDATE SET \
         attempts = stats.attempts + excluded.attempts, {}",
        sums.collect::<Vec<_>>().join(", ")
    )
}

fn minute_of(at: DateTime<Utc>) -> i64 {
    let seconds = at.timestamp();
    (seconds - seconds.rem_euclid(MINUTE)) * 1_000_000
}

/// Counts attempts in the minutes in which they ended.
pub(crate) async fn count_attempts(
    tx: &mut HotTx,
    slot: i64,
    attempts: impl Iterator<Item = &Attempted>,
) -> Result<(), Error> {
    write(tx, &rows_of(slot, attempts)).await
}

/// What attempts add, in the order of the keys, so that two nodes cannot lock each other out.
pub(crate) fn rows_of<'a>(slot: i64, attempts: impl Iterator<Item = &'a Attempted>) -> Vec<Row> {
    let mut counted: BTreeMap<Key, Latencies> = BTreeMap::new();
    for attempted in attempts {
        let key = Key {
            company: attempted.delivery.event.company.raw(),
            endpoint: attempted.delivery.endpoint.raw(),
            began_at: minute_of(attempted.ended_at),
            code: Answered::of(&attempted.outcome).as_number(),
            success: attempted.outcome.is_success(),
        };
        let took = TimeDelta::from_std(attempted.duration).unwrap_or(TimeDelta::MAX);
        for key in [key, Key { endpoint: ALL_ENDPOINTS, ..key }] {
            counted.entry(key).or_default().count(took);
        }
    }
    counted.iter().map(|(key, taken)| columns(key, slot, taken)).collect()
}

/// The values of one column of rows.
pub(crate) fn column(rows: &[Row], column: usize) -> Vec<i64> {
    rows.iter().map(|row| row[column]).collect()
}

fn columns(key: &Key, slot: i64, latencies: &Latencies) -> Row {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let Key { company, endpoint, began_at, code, success } = *key;
    let mut row = [0; COLUMNS];
    row[..KEY_COLUMNS].copy_from_slice(&[
        company,
        endpoint,
        MINUTE,
        began_at,
        code,
        i64::from(success),
        slot,
        number(latencies.total()),
    ]);
    for (column, count) in row[KEY_COLUMNS..].iter_mut().zip(latencies.0) {
        *column = number(count);
    }
    row
}

async fn write(tx: &mut HotTx, rows: &[Row]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(_) => {
            tx.insert_sqlite(&INSERT_SQLITE, rows, |marks, row| {
                for value in row {
                    marks.bind(*value);
                }
            })
            .await?;
        }
        HotConnection::Postgres(connection) => {
            let mut query = sqlx::query(INSERT_POSTGRES.as_str());
            for place in 0..COLUMNS {
                query = query.bind(column(rows, place));
            }
            query.execute(&mut **connection).await?;
        }
    }
    Ok(())
}
