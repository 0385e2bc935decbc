//! Claims on SQLite, whose thread is asked few times for however many lanes: each trip there and back, and
//! each row by itself, costs more than what it brings.

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, Row, SqliteConnection};

use crate::Error;
use crate::claim::LaneWant;
use crate::claim_row::ClaimRow;
use crate::hot::runs;
use crate::one_row;
use crate::script::Script;
use crate::time::{NEVER, micros};

/// Which rows of one lane may be taken, with how many bytes of data, in one row.
macro_rules! choose {
    ($order:literal) => {
        concat!(
            "SELECT json_group_array(json_array(id, size)) FROM (SELECT p.id, \
             (SELECT octet_length(e.data) FROM events e WHERE e.id = p.event_id) AS size FROM pending p \
             WHERE p.endpoint_id = ? AND p.claimed_by = 0 AND p.due_at <= ? ORDER BY ",
            $order,
            " LIMIT ?)"
        )
    };
}
const OLDEST: &str = choose!("p.due_at, p.id");
const NEWEST: &str = choose!("p.due_at DESC, p.id DESC");
/// The id of a row, and the bytes of its event, which may be gone.
type Weighed = (i64, Option<usize>);

/// Takes rows of all lanes and reads them.
const TAKE: &str = "UPDATE pending SET claimed_by = ?1 WHERE id IN (SELECT value FROM json_each(?2)); \
    SELECT p.id, p.company_id, p.endpoint_id, p.event_id, p.due_at, p.tries, p.tries_before, \
    p.schedule_began, p.expires_at, p.generation, p.canceled, e.event_type, e.occurred_at, e.session, e.data, \
    CASE WHEN p.line_place IS NULL THEN NULL ELSE COALESCE(p.line_key, 0) END, p.format, p.render_version, 0 \
    FROM json_each(?2) j JOIN pending p ON p.id = j.value LEFT JOIN events e ON e.id = p.event_id \
    ORDER BY p.due_at, p.id";

/// Takes due rows of lanes, of each as many as are wanted, the longest waiting of all first.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    wants: &[LaneWant],
    incarnation: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimRow>, Error> {
    let mut ids: Vec<i64> = Vec::new();
    let (newest, oldest): (Vec<LaneWant>, Vec<LaneWant>) =
        wants.iter().copied().partition(|want| want.newest_first);
    for (want, lane) in oldest.iter().zip(choose(connection, OLDEST, &oldest, now).await?) {
        ids.extend(within_bytes(lane, want.bytes));
    }
    // A person's wish first: it is due at zero; then the newest.
    let asked_for = choose(connection, OLDEST, &newest, DateTime::UNIX_EPOCH).await?;
    let others = choose(connection, NEWEST, &newest, now).await?;
    for ((want, mut lane), others) in newest.iter().zip(asked_for).zip(others) {
        let others: Vec<Weighed> = others.into_iter().filter(|row| !lane.contains(row)).collect();
        lane.extend(others);
        lane.truncate(want.rows);
        ids.extend(within_bytes(lane, want.bytes));
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let json = serde_json::to_string(&ids).expect("numbers are JSON");
    let query = sqlx::query_as(TAKE).bind(incarnation).bind(json);
    Ok(query.fetch_all(connection).await?)
}

/// The first rows, as long as they have no more bytes than that together; at least one.
fn within_bytes(rows: Vec<Weighed>, bytes: usize) -> impl Iterator<Item = i64> {
    let mut taken = 0_usize;
    rows.into_iter().enumerate().map_while(move |(place, (id, size))| {
        taken = taken.saturating_add(size.unwrap_or(0));
        (place == 0 || taken <= bytes).then_some(id)
    })
}

/// The rows due by `due_by`, lane by lane.
async fn choose(
    connection: &mut SqliteConnection,
    statement: &str,
    wants: &[LaneWant],
    due_by: DateTime<Utc>,
) -> Result<Vec<Vec<Weighed>>, Error> {
    let mut found = Vec::with_capacity(wants.len());
    for run in runs(wants) {
        let mut script = Script::default();
        for want in run {
            let rows = i64::try_from(want.rows).unwrap_or(i64::MAX);
            script.statement(statement).bind(want.endpoint.raw()).bind(micros(due_by)).bind(rows);
        }
        for row in script.run(connection).await?.rows {
            found.push(one_row::parse(row.try_get(0)?)?);
        }
    }
    Ok(found)
}

/// By the primary key of lanes, not by going through all that the node owns: `+owner`.
const NEXT_DUE: &str = "UPDATE lanes SET next_due = COALESCE((SELECT p.due_at FROM pending p \
    WHERE p.endpoint_id = lanes.endpoint_id AND p.claimed_by = 0 ORDER BY p.due_at, p.id LIMIT 1), ?) \
    WHERE endpoint_id IN (SELECT value FROM json_each(?)) AND +owner = ?";
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
