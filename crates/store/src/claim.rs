//! Claims: first the lanes of this node that are due, then each lane's own due rows, a few each.
//! However many rows of one endpoint are due, the cost for the others is the same.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId};
use sea_orm::sqlx;

use crate::again::TRIES;
use crate::claim_row::ClaimRow;
use crate::claim_sqlite;
use crate::hot::{Durability, Failed, HotConnection, HotTx, within};
use crate::time::{NEVER, from_micros, micros};
use crate::{Claimed, Error, Store};

/// A lane of this node that has something due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueLane {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its company.
    pub company: CompanyId,
    /// Until when a Retry-After holds it.
    pub hold_until: DateTime<Utc>,
    /// Until when a restrained endpoint rests: another node may have requests under way.
    pub rest_until: DateTime<Utc>,
    /// Grows whenever somebody added something or asked for it; see [`LaneWant::none`].
    pub version: i64,
}

/// What is wanted of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneWant {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many rows there is room for.
    pub rows: usize,
    /// How many bytes of data they may have together, unless the first alone has more.
    pub bytes: usize,
    /// The newest due row instead of the oldest; rows that a person asked for go first all the same.
    pub newest_first: bool,
    /// Where nothing is wanted: until when the lane is left alone, or it would stand in the way of
    /// others.
    pub put_off: DateTime<Utc>,
    /// The version of the lane on which that was decided: a newer one is not put off.
    pub version: i64,
}

impl LaneWant {
    /// Nothing is wanted of the lane before `put_off`, unless somebody raises its version meanwhile.
    pub const fn none(lane: &DueLane, put_off: DateTime<Utc>) -> Self {
        let DueLane { endpoint, version, .. } = *lane;
        Self { endpoint, rows: 0, bytes: 0, newest_first: false, put_off, version }
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
pub struct ClaimedRows {
    /// The rows, by lane, each lane's in the order in which they are to be sent.
    pub rows: Vec<Claimed>,
    /// Deliveries whose event is gone, or that were canceled while a claim was lost: they are claimed
    /// too and can only end.
    pub orphans: Vec<Claimed>,
    /// Lanes in which more is due.
    pub more: Vec<EndpointId>,
}

/// The lanes of a node that have something due.
pub(crate) const DUE_LANES: &str = "SELECT endpoint_id, company_id, hold_until, version, rest_until FROM lanes \
    WHERE owner = $1 AND next_due <= $2 ORDER BY next_due LIMIT $3";

impl Store {
    /// The lanes of this node that have something due, the longest waiting first.
    pub async fn due_lanes(&self, limit: u32, now: DateTime<Utc>) -> Result<Vec<DueLane>, Error> {
        let rows =
            self.hot_read(DUE_LANES, [self.incarnation(), micros(now), i64::from(limit)]).await?;
        Ok(rows
            .into_iter()
            .map(|(endpoint, company, hold, version, rest)| DueLane {
                endpoint: EndpointId::from_raw(endpoint),
                company: CompanyId::from_raw(company),
                hold_until: from_micros(hold),
                rest_until: from_micros(rest),
                version,
            })
            .collect())
    }

    async fn hot_read(
        &self,
        sql: &'static str,
        values: [i64; 3],
    ) -> Result<Vec<(i64, i64, i64, i64, i64)>, Error> {
        let [first, second, third] = values;
        Ok(match &self.inner.pools {
            crate::pools::Pools::Sqlite { read, .. } => {
                let query = sqlx::query_as(sql).bind(first).bind(second).bind(third);
                query.fetch_all(read.get_sqlite_connection_pool()).await?
            }
            crate::pools::Pools::Postgres { pool } => {
                // Not behind those who read for people: however many they are, what is due goes on.
                let pool = pool.get_postgres_connection_pool();
                let mut connection = self.inner.keeper.take(pool).await?;
                let query = sqlx::query_as(sql).bind(first).bind(second).bind(third);
                let rows = query.fetch_all(&mut *connection).await?;
                connection.keep();
                rows
            }
        })
    }

    /// Claims due rows of lanes, and writes down when each lane is due next; lanes of which nothing
    /// is wanted are put off. Where another node has moved a row meanwhile it begins again.
    pub async fn claim(
        &self,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let _no_release = self.inner.claiming.lock().await;
        // Not by `again`: the compiler cannot see that such a future may move between threads.
        for _ in 1..TRIES {
            match self.try_claim(wants, now).await {
                Err(error) if error.is_of_a_neighbour() => {}
                done => return done,
            }
        }
        self.try_claim(wants, now).await
    }

    async fn try_claim(
        &self,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(self.claim_in(&mut tx, wants, now)).await;
        match tx.end(done).await {
            Ok(claimed) => {
                self.know(claimed.rows.iter().chain(&claimed.orphans).map(|row| row.id));
                Ok(claimed)
            }
            Err(Failed::Unchanged(error)) => Err(error),
            Err(Failed::Doubtful(claimed, error)) => {
                let rows = claimed.rows.iter().chain(&claimed.orphans);
                self.doubt(rows.map(|row| (row.event.company, row.id, row.endpoint)));
                Err(error)
            }
        }
    }

    async fn claim_in(
        &self,
        tx: &mut HotTx,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let incarnation = self.incarnation();
        let mut claimed = ClaimedRows::default();
        let (wanted, idle): (Vec<LaneWant>, Vec<LaneWant>) =
            wants.iter().copied().partition(|want| want.rows > 0);
        let rows = match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                claim_sqlite::take(connection, &wanted, incarnation, now).await?
            }
            HotConnection::Postgres(connection) => {
                claim_postgres(connection, &wanted, incarnation, now).await?
            }
        };
        for row in rows {
            match row.read(incarnation) {
                Ok((delivery, true)) => claimed.rows.push(delivery),
                Ok((delivery, false)) => claimed.orphans.push(delivery),
                // It stays claimed, so that it does not stand in the way of its neighbours.
                Err(error) => tracing::error!(error = %error, "A delivery cannot be read: {error}"),
            }
        }
        let lanes: Vec<i64> = sorted_endpoints(&wanted);
        let next_due = match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                claim_sqlite::settle_next_due(connection, &lanes, &idle, incarnation).await?
            }
            HotConnection::Postgres(connection) => {
                settle_next_due_postgres(connection, &lanes, &idle, incarnation).await?
            }
        };
        for (endpoint, next) in next_due {
            if next <= micros(now) {
                claimed.more.push(EndpointId::from_raw(endpoint));
            }
        }
        Ok(claimed)
    }
}

/// One statement for all lanes. The rows are chosen in a materialized step, because an `UPDATE …
/// WHERE id IN (SELECT … LIMIT … SKIP LOCKED)` may take more than its limit. Those that have more bytes than their
/// lane may bring come without their data, and the last column says so.
pub(crate) const CLAIM_POSTGRES: &str = "WITH l AS MATERIALIZED (SELECT * FROM \
        unnest((SELECT $1::bigint[]), $2::bigint[], $5::bigint[]) AS t(endpoint_id, room, bytes)), \
    c AS MATERIALIZED (SELECT x.company_id, x.id, l.bytes FROM l CROSS JOIN LATERAL (\
        SELECT p.company_id, p.id FROM pending p WHERE p.endpoint_id = l.endpoint_id AND p.claimed_by = 0 \
        AND p.due_at <= $3 ORDER BY p.due_at, p.id LIMIT l.room FOR UPDATE SKIP LOCKED) x), \
    u AS (UPDATE pending p SET claimed_by = $4 FROM c WHERE p.company_id = ANY(ARRAY[c.company_id]) AND p.id = c.id \
        RETURNING p.*, c.bytes), \
    w AS (SELECT u.*, e.event_type, e.occurred_at, e.session, e.data, row_number() OVER lane = 1 \
            OR COALESCE(sum(octet_length(e.data)) OVER lane, 0) <= u.bytes AS is_within \
        FROM u LEFT JOIN events e ON e.company_id = u.company_id AND e.id = u.event_id \
        WINDOW lane AS (PARTITION BY u.endpoint_id ORDER BY u.due_at, u.id)) \
    SELECT w.id, w.company_id, w.endpoint_id, w.event_id, w.due_at, w.tries, w.tries_before, w.schedule_began, \
        w.expires_at, w.generation, w.canceled, w.event_type, w.occurred_at, w.session, \
        CASE WHEN w.is_within THEN w.data END, \
        CASE WHEN w.line_place IS NULL THEN NULL ELSE COALESCE(w.line_key, 0) END, w.format, w.render_version, \
        CASE WHEN w.is_within THEN 0::bigint ELSE 1::bigint END \
    FROM w ORDER BY w.due_at, w.id";

/// The newest due row of one lane.
pub(crate) const CLAIM_NEWEST_POSTGRES: &str = "WITH c AS MATERIALIZED (\
        SELECT p.company_id, p.id FROM pending p WHERE p.endpoint_id = $1 AND p.claimed_by = 0 \
        AND p.due_at <= $3 ORDER BY p.due_at DESC, p.id DESC LIMIT $2 FOR UPDATE SKIP LOCKED), \
    u AS (UPDATE pending p SET claimed_by = $4 FROM c WHERE p.company_id = ANY(ARRAY[c.company_id]) AND p.id = c.id \
        RETURNING p.*) \
    SELECT u.id, u.company_id, u.endpoint_id, u.event_id, u.due_at, u.tries, u.tries_before, u.schedule_began, \
        u.expires_at, u.generation, u.canceled, e.event_type, e.occurred_at, e.session, e.data, \
        CASE WHEN u.line_place IS NULL THEN NULL ELSE COALESCE(u.line_key, 0) END, u.format, u.render_version, 0::bigint \
    FROM u LEFT JOIN events e ON e.company_id = u.company_id AND e.id = u.event_id \
    ORDER BY u.due_at, u.id";

/// Gives rows back that this transaction has claimed.
const LEAVE_POSTGRES: &str = "UPDATE pending p SET claimed_by = 0 \
    FROM unnest((SELECT $1::bigint[]), $2::bigint[]) AS t(company_id, id) \
    WHERE p.company_id = ANY(ARRAY[t.company_id]) AND p.id = t.id AND p.claimed_by = $3";

async fn claim_postgres(
    connection: &mut sqlx::PgConnection,
    wants: &[LaneWant],
    incarnation: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimRow>, Error> {
    let mut rows: Vec<ClaimRow> = Vec::new();
    let oldest: Vec<&LaneWant> = wants.iter().filter(|want| !want.newest_first).collect();
    if !oldest.is_empty() {
        let endpoints: Vec<i64> = oldest.iter().map(|want| want.endpoint.raw()).collect();
        let found: Vec<ClaimRow> = sqlx::query_as(CLAIM_POSTGRES)
            .bind(endpoints)
            .bind(oldest.iter().map(|want| number(want.rows)).collect::<Vec<_>>())
            .bind(micros(now))
            .bind(incarnation)
            .bind(oldest.iter().map(|want| number(want.bytes)).collect::<Vec<_>>())
            .fetch_all(&mut *connection)
            .await?;
        rows.extend(found);
    }
    for want in wants.iter().filter(|want| want.newest_first) {
        // A person's wish first: it is due at zero, and so the oldest; then the newest.
        let mut left = number(want.rows);
        let asked_for: Vec<ClaimRow> = sqlx::query_as(CLAIM_POSTGRES)
            .bind(vec![want.endpoint.raw()])
            .bind(vec![left])
            .bind(0_i64)
            .bind(incarnation)
            .bind(vec![number(want.bytes)])
            .fetch_all(&mut *connection)
            .await?;
        left -= number(asked_for.len());
        rows.extend(asked_for);
        if left > 0 {
            let newest: Vec<ClaimRow> = sqlx::query_as(CLAIM_NEWEST_POSTGRES)
                .bind(want.endpoint.raw())
                .bind(left)
                .bind(micros(now))
                .bind(incarnation)
                .fetch_all(&mut *connection)
                .await?;
            rows.extend(newest);
        }
    }
    leave_postgres(connection, &mut rows, incarnation).await?;
    Ok(rows)
}

/// Gives those back that are too much for their lanes.
async fn leave_postgres(
    connection: &mut sqlx::PgConnection,
    rows: &mut Vec<ClaimRow>,
    incarnation: i64,
) -> Result<(), Error> {
    let (companies, ids): (Vec<i64>, Vec<i64>) =
        rows.extract_if(.., |row| row.is_too_much()).map(|row| row.key()).unzip();
    if !ids.is_empty() {
        let query = sqlx::query(LEAVE_POSTGRES).bind(companies).bind(ids).bind(incarnation);
        query.execute(connection).await?;
    }
    Ok(())
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn sorted_endpoints(lanes: &[LaneWant]) -> Vec<i64> {
    let mut endpoints: Vec<i64> = lanes.iter().map(|lane| lane.endpoint.raw()).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints
}

/// Locks lanes in the order of their endpoints, as everybody does who writes several. `owner + 0`: by
/// the primary key, and not by going through all that the node owns.
pub(crate) const LOCK_LANES_POSTGRES: &str = "SELECT endpoint_id FROM lanes \
    WHERE endpoint_id = ANY((SELECT $1::bigint[])::bigint[]) AND owner + 0 = $2 ORDER BY endpoint_id FOR UPDATE";

/// When lanes are due next. It runs once they are locked: rows that somebody adds at this moment are
/// either seen here, or their writer waits for the lock and then makes the lane due himself.
pub(crate) const NEXT_DUE_POSTGRES: &str = "UPDATE lanes SET next_due = COALESCE((SELECT p.due_at FROM pending p \
    WHERE p.endpoint_id = lanes.endpoint_id AND p.claimed_by = 0 ORDER BY p.due_at, p.id LIMIT 1), $3) \
    WHERE endpoint_id = ANY((SELECT $1::bigint[])::bigint[]) AND owner + 0 = $2 RETURNING endpoint_id, next_due";

/// Puts lanes off, which are locked by then.
pub(crate) const PUT_OFF_POSTGRES: &str = "UPDATE lanes l SET next_due = t.until FROM (SELECT * FROM \
    unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(endpoint_id, until, version)) t \
    WHERE l.endpoint_id = t.endpoint_id AND l.owner + 0 = $4 AND l.next_due < t.until AND l.version = t.version";

/// Writes down when lanes are due next, and says when that is; idle ones are put off.
async fn settle_next_due_postgres(
    connection: &mut sqlx::PgConnection,
    lanes: &[i64],
    idle: &[LaneWant],
    incarnation: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let mut all = sorted_endpoints(idle);
    all.extend(lanes);
    let lock = sqlx::query(LOCK_LANES_POSTGRES).bind(all).bind(incarnation);
    lock.execute(&mut *connection).await?;
    let mut found = Vec::new();
    if !lanes.is_empty() {
        let query = sqlx::query_as(NEXT_DUE_POSTGRES).bind(lanes).bind(incarnation).bind(NEVER);
        found = query.fetch_all(&mut *connection).await?;
    }
    if !idle.is_empty() {
        let each = |of: fn(&LaneWant) -> i64| idle.iter().map(of).collect::<Vec<i64>>();
        sqlx::query(PUT_OFF_POSTGRES)
            .bind(each(|lane| lane.endpoint.raw()))
            .bind(each(|lane| micros(lane.put_off)))
            .bind(each(|lane| lane.version))
            .bind(incarnation)
            .execute(&mut *connection)
            .await?;
    }
    Ok(found)
}
