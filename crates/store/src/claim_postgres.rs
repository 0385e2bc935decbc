//! Claims on PostgreSQL: what is due of all lanes in one statement, what is taken of it in another.

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, PgConnection};

use crate::Error;
use crate::claim::{DueRow, First, LaneWant, RowKey, due_row, sorted_endpoints};
use crate::claim_row::ClaimRow;
use crate::time::{NEVER, micros};

/// Rows of lanes, locked and weighed. Events are looked up one by one, here and below: joined, a planner that expects
/// many rows goes through all events there are. The rows are chosen in a materialized step, because an `UPDATE … WHERE id IN
/// (SELECT … LIMIT … SKIP LOCKED)` may take more than its limit.
macro_rules! choose {
    ($due_at:literal, $id:literal) => {
        concat!(
            "WITH l AS MATERIALIZED (SELECT * FROM unnest((SELECT $1::bigint[]), $2::bigint[]) WITH ORDINALITY \
             AS t(endpoint_id, room, place)), \
             c AS MATERIALIZED (SELECT l.place, x.* FROM l CROSS JOIN LATERAL (\
             SELECT p.company_id, p.id, p.due_at, p.event_id FROM pending p \
             WHERE p.endpoint_id = l.endpoint_id AND p.claimed_by = 0 AND p.due_at <= $3 ORDER BY p.",
            $due_at,
            ", p.",
            $id,
            " LIMIT l.room FOR UPDATE SKIP LOCKED) x) \
             SELECT c.place, c.company_id, c.id, c.due_at, COALESCE((\
             SELECT octet_length(e.data) + COALESCE(octet_length(e.session), 0) FROM events e \
             WHERE e.company_id = c.company_id AND e.id = c.event_id), 0)::bigint \
             FROM c ORDER BY c.place, c.",
            $due_at,
            ", c.",
            $id
        )
    };
}
pub(crate) const OLDEST: &str = choose!("due_at", "id");
pub(crate) const NEWEST: &str = choose!("due_at DESC", "id DESC");

/// Takes rows, which are locked by then, and reads them.
pub(crate) const TAKE: &str = "WITH u AS (UPDATE pending p SET claimed_by = $3 \
        FROM unnest((SELECT $1::bigint[]), $2::bigint[]) AS t(company_id, id) \
        WHERE p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id RETURNING p.*) \
    SELECT u.id, u.company_id, u.endpoint_id, u.event_id, u.due_at, u.tries, u.tries_before, u.schedule_began, \
        u.expires_at, u.generation, u.canceled, e.event_type, e.occurred_at, e.session, e.data, \
        CASE WHEN u.line_place IS NULL THEN NULL ELSE COALESCE(u.line_key, 0) END, u.format, u.render_version \
    FROM u LEFT JOIN LATERAL (SELECT e.event_type, e.occurred_at, e.session, e.data FROM events e \
        WHERE e.company_id = u.company_id AND e.id = u.event_id LIMIT 1) e ON true \
    ORDER BY u.due_at, u.id";

/// Rows due by `due_by`, lane by lane, of each as many as are wanted.
pub(crate) async fn look(
    connection: &mut PgConnection,
    first: First,
    wants: &[LaneWant],
    due_by: DateTime<Utc>,
) -> Result<Vec<Vec<DueRow>>, Error> {
    let sql = match first {
        First::Oldest => OLDEST,
        First::Newest => NEWEST,
    };
    let rooms = wants.iter().map(|want| i64::try_from(want.rows).unwrap_or(i64::MAX));
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(sql)
        .bind(wants.iter().map(|want| want.endpoint.raw()).collect::<Vec<_>>())
        .bind(rooms.collect::<Vec<_>>())
        .bind(micros(due_by))
        .fetch_all(connection)
        .await?;
    let mut found = vec![Vec::new(); wants.len()];
    for (place, company, id, due_at, bytes) in rows {
        let lane = usize::try_from(place - 1).ok().and_then(|place| found.get_mut(place));
        if let Some(lane) = lane {
            lane.push(due_row((company, id), due_at, bytes));
        }
    }
    Ok(found)
}

/// Takes rows and reads them, the longest waiting first.
pub(crate) async fn take(
    connection: &mut PgConnection,
    rows: &[RowKey],
    incarnation: i64,
) -> Result<Vec<ClaimRow>, Error> {
    let (companies, ids): (Vec<i64>, Vec<i64>) = rows.iter().copied().unzip();
    let query = sqlx::query_as(TAKE).bind(companies).bind(ids).bind(incarnation);
    Ok(query.fetch_all(connection).await?)
}

/// Locks lanes in the order of their endpoints, as everybody does who writes several. `owner + 0`: by
/// the primary key, and not by going through all that the node owns.
pub(crate) const LOCK_LANES: &str = "SELECT endpoint_id FROM lanes \
    WHERE endpoint_id = ANY((SELECT $1::bigint[])::bigint[]) AND owner + 0 = $2 ORDER BY endpoint_id FOR UPDATE";

/// When lanes are due next. It runs once they are locked: rows that somebody adds at this moment are
/// either seen here, or their writer waits for the lock and then makes the lane due himself.
pub(crate) const NEXT_DUE: &str = "UPDATE lanes SET next_due = COALESCE((SELECT p.due_at FROM pending p \
    WHERE p.endpoint_id = lanes.endpoint_id AND p.claimed_by = 0 ORDER BY p.due_at, p.id LIMIT 1), $3) \
    WHERE endpoint_id = ANY((SELECT $1::bigint[])::bigint[]) AND owner + 0 = $2 RETURNING endpoint_id, next_due";

/// Puts lanes off, which are locked by then.
pub(crate) const PUT_OFF: &str = "UPDATE lanes l SET next_due = t.until FROM (SELECT * FROM \
    unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(endpoint_id, until, version)) t \
    WHERE l.endpoint_id = t.endpoint_id AND l.owner + 0 = $4 AND l.next_due < t.until AND l.version = t.version";

/// Writes down when lanes are due next, and says when that is; idle ones are put off.
pub(crate) async fn settle_next_due(
    connection: &mut PgConnection,
    lanes: &[i64],
    idle: &[LaneWant],
    incarnation: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let mut all = sorted_endpoints(idle);
    all.extend(lanes);
    let lock = sqlx::query(LOCK_LANES).bind(all).bind(incarnation);
    lock.execute(&mut *connection).await?;
    let mut found = Vec::new();
    if !lanes.is_empty() {
        let query = sqlx::query_as(NEXT_DUE).bind(lanes).bind(incarnation).bind(NEVER);
        found = query.fetch_all(&mut *connection).await?;
    }
    if !idle.is_empty() {
        let each = |of: fn(&LaneWant) -> i64| idle.iter().map(of).collect::<Vec<i64>>();
        sqlx::query(PUT_OFF)
            .bind(each(|lane| lane.endpoint.raw()))
            .bind(each(|lane| micros(lane.put_off)))
            .bind(each(|lane| lane.version))
            .bind(incarnation)
            .execute(&mut *connection)
            .await?;
    }
    Ok(found)
}
