//! Deliveries that nobody has claimed, moved from `pending` to history in batches.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx, runs, values};
use crate::lines::{self, Advanced, Line};
use crate::search::feed;
use crate::settle_rows::finish_code;
use crate::time::micros;

/// An unclaimed delivery: company, id, and when its schedule began as it was read; what ends whenever
/// that was has [`WHENEVER_IT_BEGAN`].
pub(crate) type Unclaimed = (i64, i64, i64);

pub(crate) const WHENEVER_IT_BEGAN: i64 = i64::MAX;

/// What stood in `pending`.
pub(crate) struct Taken {
    pub(crate) id: i64,
    pub(crate) company_id: i64,
    pub(crate) endpoint_id: i64,
    pub(crate) event_id: i64,
    pub(crate) tries: i64,
    tries_before: i64,
    generation: i64,
    format: i64,
    render_version: i64,
    line_key: Option<i64>,
}

impl Taken {
    fn line(&self) -> Option<Line> {
        self.line_key.map(|key| (self.endpoint_id, key))
    }
}

type Columns = (i64, i64, i64, i64, i64, i64, i64, i64, i64, Option<i64>);

impl From<Columns> for Taken {
    fn from(columns: Columns) -> Self {
        let (
            id,
            company_id,
            endpoint_id,
            event_id,
            tries,
            tries_before,
            generation,
            format,
            render_version,
            line_key,
        ) = columns;
        Self {
            id,
            company_id,
            endpoint_id,
            event_id,
            tries,
            tries_before,
            generation,
            format,
            render_version,
            line_key,
        }
    }
}

const COLUMNS: &str = "id, company_id, endpoint_id, event_id, tries, tries_before, generation, \
    format, render_version, line_key";

/// Ends deliveries of these endpoints that nobody has claimed, and has their lines move on.
pub(crate) async fn end_unclaimed(
    tx: &mut HotTx,
    rows: &[Unclaimed],
    endpoints: &BTreeSet<i64>,
    finish: Finish,
    now: DateTime<Utc>,
) -> Result<(Vec<Taken>, Advanced), Error> {
    let locked = lines::lock(tx, endpoints).await?;
    let taken = take(tx, rows, finish).await?;
    end(tx, &taken, finish, now).await?;
    let moved = taken.iter().filter_map(Taken::line).collect();
    let advanced = lines::advance(tx, &moved, &locked, now).await?;
    Ok((taken, advanced))
}

/// Whether what was canceled while its claim was lost is taken too, as the highest `canceled` taken: it is
/// not given up, and whoever claims it ends it.
const fn canceled_max(finish: Finish) -> i64 {
    match finish {
        Finish::Expired | Finish::Canceled => 1,
        Finish::Delivered | Finish::Exhausted => 0,
    }
}

/// Whatever somebody else has locked at this moment is his: it is seen again in the next walk.
/// `claimed_by + 0`: by the primary key, and not by going through all that is unclaimed.
pub(crate) const TAKE_POSTGRES: &str = "WITH c AS MATERIALIZED (SELECT p.company_id, p.id \
    FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(company_id, id, began) \
    JOIN pending p ON p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id \
    WHERE p.claimed_by + 0 = 0 AND p.canceled <= $4 AND p.schedule_began <= t.began \
    ORDER BY t.company_id, t.id FOR UPDATE OF p SKIP LOCKED) \
    DELETE FROM pending p USING c WHERE p.company_id = ANY(ARRAY[c.company_id]) AND p.id = c.id \
    RETURNING p.id, p.company_id, p.endpoint_id, p.event_id, p.tries, p.tries_before, p.generation, \
    p.format, p.render_version, p.line_key";

/// Takes deliveries out of `pending` that nobody has claimed meanwhile, and whose schedule has not
/// begun anew: then they are another one's business.
async fn take(tx: &mut HotTx, rows: &[Unclaimed], finish: Finish) -> Result<Vec<Taken>, Error> {
    let mut taken: Vec<Columns> = Vec::with_capacity(rows.len());
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let tail = format!(
                    ") DELETE FROM pending WHERE id IN (SELECT p.id FROM t CROSS JOIN pending p \
                     ON p.id = t.id AND p.company_id = t.company_id WHERE p.claimed_by = 0 \
                     AND p.canceled <= ? AND p.schedule_began <= t.began) RETURNING {COLUMNS}"
                );
                let head = "WITH t(company_id, id, began) AS (VALUES ";
                let mut query = sqlx::query_as::<_, Columns>(values(head, 3, run.len(), &tail));
                for (company, id, began) in run {
                    query = query.bind(*company).bind(*id).bind(*began);
                }
                query = query.bind(canceled_max(finish));
                taken.extend(query.fetch_all(&mut **connection).await?);
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&Unclaimed) -> i64| rows.iter().map(pick).collect::<Vec<i64>>();
            taken = sqlx::query_as(TAKE_POSTGRES)
                .bind(column(|row| row.0))
                .bind(column(|row| row.1))
                .bind(column(|row| row.2))
                .bind(canceled_max(finish))
                .fetch_all(&mut **connection)
                .await?;
        }
    }
    Ok(taken.into_iter().map(Taken::from).collect())
}

const INSERT_HISTORY: &str = "INSERT INTO deliveries (id, company_id, endpoint_id, event_id, tries, \
    tries_before, generation, format, render_version, state, finished_at) ";
const CONFLICT: &str = " ON CONFLICT (company_id, id, generation) DO NOTHING";

/// Writes them to history, without another attempt.
async fn end(
    tx: &mut HotTx,
    rows: &[Taken],
    finish: Finish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let head = format!("{INSERT_HISTORY} VALUES ");
                let mut query = sqlx::query(values(&head, 11, run.len(), CONFLICT));
                for row in run {
                    query = query
                        .bind(row.id)
                        .bind(row.company_id)
                        .bind(row.endpoint_id)
                        .bind(row.event_id)
                        .bind(row.tries)
                        .bind(row.tries_before)
                        .bind(row.generation)
                        .bind(row.format)
                        .bind(row.render_version)
                        .bind(finish_code(finish))
                        .bind(micros(now));
                }
                query.execute(&mut **connection).await?;
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&Taken) -> i64| rows.iter().map(pick).collect::<Vec<i64>>();
            let sql = format!(
                "{INSERT_HISTORY} SELECT t.*, $10::bigint, $11::bigint FROM unnest((SELECT $1::bigint[]),$2::bigint[],\
                 $3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],$7::bigint[],$8::bigint[],$9::bigint[]) t{CONFLICT}"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(column(|row| row.id))
                .bind(column(|row| row.company_id))
                .bind(column(|row| row.endpoint_id))
                .bind(column(|row| row.event_id))
                .bind(column(|row| row.tries))
                .bind(column(|row| row.tries_before))
                .bind(column(|row| row.generation))
                .bind(column(|row| row.format))
                .bind(column(|row| row.render_version))
                .bind(finish_code(finish))
                .bind(micros(now))
                .execute(&mut **connection)
                .await?;
        }
    }
    let told: Vec<feed::Fed> =
        rows.iter().map(|row| (row.company_id, row.id, row.generation)).collect();
    feed::tell_hot(tx, &told).await
}
