//! What settlement moves out of `pending` and what it adds to history.

use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx, runs, values};
use crate::ingest_rows::PgQuery;
use crate::rows::head::encode_head;
use crate::script::{IdList, ROWS_MAX, RowsInsert, Script};
use crate::settle::Attempted;
use crate::settle_rows::{FinishRow, RetryRow, ended, finish_code, storable};
use crate::time::micros;

/// The columns of one attempt, as `deliveries` and `attempts` both have them.
pub(crate) struct Kept<'a> {
    started_at: Option<i64>,
    duration_us: Option<i64>,
    status_code: Option<i64>,
    error_kind: Option<&'static str>,
    error_message: Option<String>,
    request: Option<&'a [u8]>,
    response_head: Option<Vec<u8>>,
    response_body: Option<&'a [u8]>,
    truncated: i64,
}

impl<'a> Kept<'a> {
    fn of(attempted: &'a Attempted) -> Self {
        let failure = attempted.outcome.failure.as_ref();
        let has_answer = attempted.outcome.status_code.is_some();
        Self {
            started_at: Some(micros(attempted.started_at)),
            duration_us: Some(i64::try_from(attempted.duration.as_micros()).unwrap_or(i64::MAX)),
            status_code: attempted.outcome.status_code.map(i64::from),
            error_kind: failure.map(|failure| failure.kind.as_str()),
            error_message: failure.map(|failure| storable(&failure.message)),
            request: Some(&attempted.request),
            response_head: has_answer.then(|| encode_head(&attempted.response_headers)),
            response_body: has_answer.then_some(&attempted.response_body[..]),
            truncated: i64::from(attempted.truncated),
        }
    }

    const NONE: Self = Self {
        started_at: None,
        duration_us: None,
        status_code: None,
        error_kind: None,
        error_message: None,
        request: None,
        response_head: None,
        response_body: None,
        truncated: 0,
    };
}

/// Whether the attempt that finished a delivery stands in its history row: the first of a schedule.
pub(crate) fn is_inline(row: &FinishRow<'_>) -> bool {
    row.attempt.is_some() && row.delivery.progress.tries == row.delivery.progress.tries_before
}

fn tries_after(row: &FinishRow<'_>) -> i64 {
    i64::from(row.delivery.progress.tries) + i64::from(row.attempt.is_some())
}

const HISTORY_COLUMNS: usize = 20;
static INSERT_HISTORY: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
     tries_before, finished_at, format, render_version, started_at, duration_us, status_code, \
     error_kind, error_message, request, response_head, response_body, truncated)",
    HISTORY_COLUMNS,
    "",
);

/// What takes finished deliveries from `pending`, from the part of those that are held, on PostgreSQL.
/// `claimed_by + 0` and `company_id = ANY(ARRAY[…])`: each row is looked up by its id, and the planner
/// cannot choose to go through all that is held, or that was: a vacuum that comes when hardly anything of
/// a large table is alive makes that seem to cost nothing (`tests/hot/plans.rs`). An array in the first
/// column of the key gives it no order to merge by; one in the second would be left to a filter.
macro_rules! finish_taken {
    () => {
        "DELETE FROM pending_held p \
         USING unnest((SELECT $2::bigint[]), $1::bigint[]) AS t(company_id, id) \
         WHERE p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id AND p.claimed_by + 0 = $19 AND p.canceled <= $20 \
         RETURNING p.id, p.format, p.render_version"
    };
}
pub(crate) use finish_taken;

/// What writes to history those that were taken as `d`: what was not there is not inserted.
macro_rules! finish_kept {
    () => {
        "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, tries_before, finished_at, \
         format, render_version, started_at, duration_us, status_code, error_kind, error_message, request, response_head, \
         response_body, truncated) \
         SELECT t.id, company_id, generation, endpoint_id, event_id, state, tries, tries_before, finished_at, d.format, d.render_version, \
         started_at, duration_us, status_code, error_kind, error_message, request, response_head, response_body, truncated \
         FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],$7::bigint[],$8::bigint[],\
         $9::bigint[],$10::bigint[],$11::bigint[],$12::bigint[],$13::text[],$14::text[],$15::bytea[],$16::bytea[],$17::bytea[],$18::bigint[]) \
         AS t(id, company_id, generation, endpoint_id, event_id, state, tries, tries_before, finished_at, started_at, \
         duration_us, status_code, error_kind, error_message, request, response_head, response_body, truncated) \
         JOIN d ON d.id = t.id"
    };
}
pub(crate) use finish_kept;

/// Moves finished deliveries to history.
pub(crate) const FINISH_POSTGRES: &str =
    concat!("WITH d AS (", finish_taken!(), ") ", finish_kept!());
/// How many parameters it has.
pub(crate) const FINISH_PARAMETERS: usize = 20;

/// The plus keeps the planner from comparing the value with partial indexes, for which it would
/// prepare the statement anew each time.
static FINISH_SQLITE: IdList =
    IdList::new("DELETE FROM pending WHERE +claimed_by = ? AND canceled <= ? AND id IN (", ")");

/// Puts deliveries back that are due again; one that was canceled since its claim was read stays.
pub(crate) const RETRY_POSTGRES: &str = "UPDATE pending p SET due_at = t.due_at, tries = p.tries + 1, claimed_by = 0 \
    FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(company_id, id, due_at) \
    WHERE p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id AND p.claimed_by + 0 = $4 AND p.canceled = 0";

/// Moves finished deliveries from `pending` to history. Gives how many were still there, of which
/// those that a person has canceled count only where `even_canceled`: where that is not all of them,
/// the transaction is to be rolled back.
pub(crate) async fn finish(
    tx: &mut HotTx,
    rows: &[FinishRow<'_>],
    incarnation: i64,
    even_canceled: bool,
) -> Result<u64, Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let canceled_max = i64::from(even_canceled);
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let mut deleted = 0;
            for chunk in rows.chunks(ROWS_MAX) {
                let mut script = Script::default();
                let ids = chunk.iter().map(|row| row.delivery.id.raw());
                script.list(&FINISH_SQLITE, ids, |first| {
                    first.bind(incarnation).bind(canceled_max);
                });
                deleted += script.run(connection).await?.changed.iter().sum::<u64>();
            }
            if deleted == rows.len() as u64 {
                tx.insert_sqlite(&INSERT_HISTORY, rows, bind_history).await?;
            }
            Ok(deleted)
        }
        HotConnection::Postgres(connection) => {
            let kept = kept_inline(rows);
            let query = sqlx::query(FINISH_POSTGRES);
            let query = bind_finish(query, rows, &kept, incarnation, canceled_max);
            Ok(query.execute(&mut **connection).await?.rows_affected())
        }
    }
}

fn bind_history(marks: &mut Script, row: &FinishRow<'_>) {
    let kept = row.attempt.filter(|_| is_inline(row)).map_or(Kept::NONE, Kept::of);
    let (format, version) = row.delivery.rendering.numbers();
    marks
        .bind(row.delivery.id.raw())
        .bind(row.delivery.event.company.raw())
        .bind(i64::from(row.delivery.generation))
        .bind(row.delivery.endpoint.raw())
        .bind(row.delivery.event.id.raw())
        .bind(finish_code(row.finish))
        .bind(tries_after(row))
        .bind(i64::from(row.delivery.progress.tries_before))
        .bind(ended(row))
        .bind(format)
        .bind(version);
    bind_kept(marks, kept);
}

/// The columns from `started_at` to `truncated`.
fn bind_kept(marks: &mut Script, kept: Kept<'_>) {
    marks
        .bind(kept.started_at)
        .bind(kept.duration_us)
        .bind(kept.status_code)
        .bind(kept.error_kind)
        .bind(kept.error_message)
        .bind(kept.request.map(<[u8]>::to_vec))
        .bind(kept.response_head)
        .bind(kept.response_body.map(<[u8]>::to_vec))
        .bind(kept.truncated);
}

/// What is kept of the attempts in the rows of history themselves.
pub(crate) fn kept_inline<'a>(rows: &[FinishRow<'a>]) -> Vec<Kept<'a>> {
    let inline = |row: &FinishRow<'a>| row.attempt.filter(|_| is_inline(row));
    rows.iter().map(|row| inline(row).map_or(Kept::NONE, Kept::of)).collect()
}

/// Binds finished deliveries to what [`finish_taken`] and [`finish_kept`] move.
pub(crate) fn bind_finish<'q>(
    query: PgQuery<'q>,
    rows: &[FinishRow<'_>],
    kept: &'q [Kept<'_>],
    incarnation: i64,
    canceled_max: i64,
) -> PgQuery<'q> {
    let column = |pick: fn(&FinishRow<'_>) -> i64| rows.iter().map(pick).collect::<Vec<i64>>();
    query
        .bind(column(|row| row.delivery.id.raw()))
        .bind(column(|row| row.delivery.event.company.raw()))
        .bind(column(|row| i64::from(row.delivery.generation)))
        .bind(column(|row| row.delivery.endpoint.raw()))
        .bind(column(|row| row.delivery.event.id.raw()))
        .bind(column(|row| finish_code(row.finish)))
        .bind(column(tries_after))
        .bind(column(|row| i64::from(row.delivery.progress.tries_before)))
        .bind(column(ended))
        .bind(kept.iter().map(|kept| kept.started_at).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.duration_us).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.status_code).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.error_kind).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.error_message.as_deref()).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.request).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.response_head.as_deref()).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.response_body).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.truncated).collect::<Vec<_>>())
        .bind(incarnation)
        .bind(canceled_max)
}

/// Puts deliveries back that are due again. Gives how many were still there.
pub(crate) async fn retry(
    tx: &mut HotTx,
    rows: &[RetryRow<'_>],
    incarnation: i64,
) -> Result<u64, Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut put_back = 0;
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let sql = values(
                    "WITH t(id, due_at) AS (VALUES ",
                    2,
                    run.len(),
                    ") UPDATE pending SET due_at = t.due_at, tries = tries + 1, claimed_by = 0 \
                     FROM t WHERE pending.id = t.id AND +claimed_by = ? AND canceled = 0",
                );
                let mut query = sqlx::query(sql);
                for row in run {
                    query = query.bind(row.attempted.delivery.id.raw()).bind(row.due_at);
                }
                let done = query.bind(incarnation).execute(&mut **connection).await?;
                put_back += done.rows_affected();
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&RetryRow<'_>) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
            put_back = sqlx::query(RETRY_POSTGRES)
                .bind(column(|row| row.attempted.delivery.event.company.raw()))
                .bind(column(|row| row.attempted.delivery.id.raw()))
                .bind(column(|row| row.due_at))
                .bind(incarnation)
                .execute(&mut **connection)
                .await?
                .rows_affected();
        }
    }
    Ok(put_back)
}

static INSERT_ATTEMPTS: RowsInsert = RowsInsert::new(
    "INSERT OR IGNORE INTO attempts (delivery_id, company_id, number, started_at, duration_us, \
     status_code, error_kind, error_message, request, response_head, response_body, truncated)",
    12,
    "",
);

/// Writes the attempts that do not stand in a history row.
pub(crate) async fn attempts(
    tx: &mut HotTx,
    finished: &[FinishRow<'_>],
    retried: &[RetryRow<'_>],
) -> Result<(), Error> {
    let rows: Vec<&Attempted> = finished
        .iter()
        .filter(|row| !is_inline(row))
        .filter_map(|row| row.attempt)
        .chain(retried.iter().map(|row| row.attempted))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(_) => {
            tx.insert_sqlite(&INSERT_ATTEMPTS, &rows, |marks, attempted| {
                marks
                    .bind(attempted.delivery.id.raw())
                    .bind(attempted.delivery.event.company.raw())
                    .bind(i64::from(attempted.delivery.progress.next_number()));
                bind_kept(marks, Kept::of(attempted));
            })
            .await?;
        }
        HotConnection::Postgres(connection) => attempts_postgres(connection, &rows).await?,
    }
    Ok(())
}

async fn attempts_postgres(
    connection: &mut sqlx::PgConnection,
    rows: &[&Attempted],
) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO attempts (delivery_id, company_id, number, started_at, duration_us, \
        status_code, error_kind, error_message, request, response_head, response_body, truncated) \
        SELECT * FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],\
        $7::text[],$8::text[],$9::bytea[],$10::bytea[],$11::bytea[],$12::bigint[]) \
        ON CONFLICT (company_id, delivery_id, number) DO NOTHING";
    let column =
        |pick: fn(&Attempted) -> i64| rows.iter().map(|row| pick(row)).collect::<Vec<i64>>();
    let kept: Vec<Kept<'_>> = rows.iter().map(|attempted| Kept::of(attempted)).collect();
    sqlx::query(SQL)
        .bind(column(|row| row.delivery.id.raw()))
        .bind(column(|row| row.delivery.event.company.raw()))
        .bind(column(|row| i64::from(row.delivery.progress.next_number())))
        .bind(kept.iter().map(|kept| kept.started_at).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.duration_us).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.status_code).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.error_kind).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.error_message.as_deref()).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.request).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.response_head.as_deref()).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.response_body).collect::<Vec<_>>())
        .bind(kept.iter().map(|kept| kept.truncated).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    Ok(())
}
