//! Claims on SQLite, whose thread is asked for many lanes at a time: each trip there and back, and each row by
//! itself, costs more than what it brings.

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, Row, SqliteConnection};

use crate::Error;
use crate::claim::{DueRow, First, LaneWant, RowKey, due_row};
use crate::claim_row::ClaimRow;
use crate::hot::runs;
use crate::one_row;
use crate::script::Script;
use crate::time::{NEVER, micros};

/// Rows of one lane, weighed, in one row.
macro_rules! choose {
    ($order:literal) => {
        concat!(
            "SELECT json_group_array(json_array(company_id, id, due_at, size)) FROM (\
             SELECT p.company_id, p.id, p.due_at, COALESCE((SELECT octet_length(e.data) + \
             COALESCE(octet_length(e.session), 0) FROM events e WHERE e.id = p.event_id), 0) AS size FROM pending p \
             WHERE p.endpoint_id = ? AND p.claimed_by = 0 AND p.due_at <= ? ORDER BY ",
            $order,
            " LIMIT ?)"
        )
    };
}
pub(crate) const OLDEST: &str = choose!("p.due_at, p.id");
pub(crate) const NEWEST: &str = choose!("p.due_at DESC, p.id DESC");

/// Takes rows of all lanes and reads them.
const TAKE: &str = "UPDATE pending SET claimed_by = ?1 WHERE id IN (SELECT value FROM json_each(?2)); \
    SELECT p.id, p.company_id, p.endpoint_id, p.event_id, p.due_at, p.tries, p.tries_before, \
    p.schedule_began, p.expires_at, p.generation, p.canceled, e.event_type, e.occurred_at, e.session, e.data, \
    CASE WHEN p.line_place IS NULL THEN NULL ELSE COALESCE(p.line_key, 0) END, p.format, p.render_version \
    FROM json_each(?2) j JOIN pending p ON p.id = j.value LEFT JOIN events e ON e.id = p.event_id \
    ORDER BY p.due_at, p.id";

/// Rows due by `due_by`, lane by lane, of each as many as are wanted.
pub(crate) async fn look(
    connection: &mut SqliteConnection,
    first: First,
    wants: &[LaneWant],
    due_by: DateTime<Utc>,
) -> Result<Vec<Vec<DueRow>>, Error> {
    let statement = match first {
        First::Oldest => OLDEST,
        First::Newest => NEWEST,
    };
    let mut found = Vec::with_capacity(wants.len());
    for run in runs(wants) {
        let mut script = Script::default();
        for want in run {
            let rows = i64::try_from(want.rows).unwrap_or(i64::MAX);
            script.statement(statement).bind(want.endpoint.raw()).bind(micros(due_by)).bind(rows);
        }
        for row in script.run(connection).await?.rows {
            let rows: Vec<(i64, i64, i64, i64)> = one_row::parse(row.try_get(0)?)?;
            let due = |(company, id, due_at, bytes)| due_row((company, id), due_at, bytes);
            found.push(rows.into_iter().map(due).collect());
        }
    }
    Ok(found)
}

/// Takes rows and reads them, the longest waiting first.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    rows: &[RowKey],
    incarnation: i64,
) -> Result<Vec<ClaimRow>, Error> {
    let ids: Vec<i64> = rows.iter().map(|(_, id)| *id).collect();
    let json = serde_json::to_string(&ids).expect("numbers are JSON");
    let query = sqlx::query_as(TAKE).bind(incarnation).bind(json);
    Ok(query.fetch_all(connection).await?)
}

/// By the primary key of lanes, not by going through all that the node owns: `+owner`.
pub(crate) const NEXT_DUE: &str = "UPDATE lanes SET next_due = COALESCE((SELECT p.due_at FROM pending p \
    WHERE p.endpoint_id = lanes.endpoint_id AND p.claimed_by = 0 ORDER BY p.due_at, p.id LIMIT 1), ?) \
    WHERE endpoint_id IN (SELECT value FROM json_each(?)) AND +owner = ?";
/// When that is, of `[[endpoint, next]]`.
const READ_NEXT_DUE: &str = "SELECT json_group_array(json_array(endpoint_id, next_due)) FROM lanes \
    WHERE endpoint_id IN (SELECT value FROM json_each(?)) AND +owner = ?";
/// Of `[[endpoint, until, version]]`.
const PUT_OFF: &str = "UPDATE lanes SET next_due = j.value ->> 1 FROM json_each(?) j \
    WHERE lanes.endpoint_id = j.value ->> 0 AND +owner = ? AND next_due < j.value ->> 1 AND version = j.value ->> 2";

/// Writes down when lanes are due next, and says when that is; idle ones are put off.
pub(crate) async fn settle_next_due(
    connection: &mut SqliteConnection,
    lanes: &[i64],
    idle: &[LaneWant],
    incarnation: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let mut script = Script::default();
    if !idle.is_empty() {
        let put_off = |want: &LaneWant| (want.endpoint.raw(), micros(want.put_off), want.version);
        let idle: Vec<(i64, i64, i64)> = idle.iter().map(put_off).collect();
        let json = serde_json::to_string(&idle).expect("numbers are JSON");
        script.statement(PUT_OFF).bind(json).bind(incarnation);
    }
    if !lanes.is_empty() {
        let json = serde_json::to_string(lanes).expect("numbers are JSON");
        script.statement(NEXT_DUE).bind(NEVER).bind(json.clone()).bind(incarnation);
        script.statement(READ_NEXT_DUE).bind(json).bind(incarnation);
    }
    match script.run(connection).await?.rows.first() {
        Some(row) => one_row::parse(row.try_get(0)?),
        None => Ok(Vec::new()),
    }
}
