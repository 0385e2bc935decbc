//! Claims: first the lanes of this node that are due, then each lane's own due rows, a few each.
//! However many rows of one endpoint are due, the cost for the others is the same.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::delivery::Progress;
use domain::event::Event;
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use sea_orm::sqlx;

use crate::hot::{Durability, HotConnection, HotTx};
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
}

/// What is wanted of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneWant {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many rows there is room for.
    pub rows: usize,
    /// The newest due row instead of the oldest; rows that a person asked for go first all the same.
    pub newest_first: bool,
    /// Where nothing is wanted: until when the lane is left alone, or it would stand in the way of
    /// others.
    pub put_off: DateTime<Utc>,
}

impl LaneWant {
    /// Nothing is wanted of the lane before `put_off`.
    pub const fn none(endpoint: EndpointId, put_off: DateTime<Utc>) -> Self {
        Self { endpoint, rows: 0, newest_first: false, put_off }
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
pub struct ClaimedRows {
    /// The rows, by lane, each lane's in the order in which they are to be sent.
    pub rows: Vec<Claimed>,
    /// Deliveries whose event is gone: they are claimed too and can only end.
    pub orphans: Vec<Claimed>,
    /// Lanes in which more is due.
    pub more: Vec<EndpointId>,
}

impl Store {
    /// The lanes of this node that have something due, the longest waiting first.
    pub async fn due_lanes(&self, limit: u32, now: DateTime<Utc>) -> Result<Vec<DueLane>, Error> {
        const SQL: &str = "SELECT endpoint_id, company_id, hold_until FROM lanes \
            WHERE owner = $1 AND next_due <= $2 ORDER BY next_due LIMIT $3";
        let rows = self.hot_read(SQL, [self.incarnation(), micros(now), i64::from(limit)]).await?;
        Ok(rows
            .into_iter()
            .map(|(endpoint, company, hold)| DueLane {
                endpoint: EndpointId::from_raw(endpoint),
                company: CompanyId::from_raw(company),
                hold_until: from_micros(hold),
            })
            .collect())
    }

    async fn hot_read(
        &self,
        sql: &'static str,
        values: [i64; 3],
    ) -> Result<Vec<(i64, i64, i64)>, Error> {
        let [first, second, third] = values;
        Ok(match &self.inner.pools {
            crate::pools::Pools::Sqlite { read, .. } => {
                let query = sqlx::query_as(sql).bind(first).bind(second).bind(third);
                query.fetch_all(read.get_sqlite_connection_pool()).await?
            }
            crate::pools::Pools::Postgres { pool } => {
                let query = sqlx::query_as(sql).bind(first).bind(second).bind(third);
                query.fetch_all(pool.get_postgres_connection_pool()).await?
            }
        })
    }

    /// Claims due rows of lanes, and writes down when each lane is due next; lanes of which nothing
    /// is wanted are put off.
    pub async fn claim(
        &self,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        match self.claim_in(&mut tx, wants, now).await {
            Ok(claimed) => {
                tx.commit().await?;
                Ok(claimed)
            }
            Err(error) => {
                tx.roll_back().await?;
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
        let mut rows: Vec<ClaimColumns> = Vec::new();
        let (wanted, idle): (Vec<LaneWant>, Vec<LaneWant>) =
            wants.iter().copied().partition(|want| want.rows > 0);
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                for want in &wanted {
                    rows.extend(claim_sqlite(connection, want, incarnation, now).await?);
                }
            }
            HotConnection::Postgres(connection) => {
                rows = claim_postgres(connection, &wanted, incarnation, now).await?;
            }
        }
        for row in rows {
            match ClaimRow::from(row).read()? {
                (delivery, true) => claimed.rows.push(delivery),
                (delivery, false) => claimed.orphans.push(delivery),
            }
        }
        for want in &wanted {
            let next = next_due(tx, want.endpoint, incarnation).await?;
            if next <= micros(now) {
                claimed.more.push(want.endpoint);
            }
        }
        put_lanes_off(tx, &idle, incarnation).await?;
        Ok(claimed)
    }
}

/// The columns in the order in which both databases' statements name them.
type ClaimColumns = (
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    i64,
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

/// A claimed row, with its event's columns.
#[derive(Debug)]
struct ClaimRow {
    id: i64,
    company_id: i64,
    endpoint_id: i64,
    event_id: i64,
    due_at: i64,
    tries: i64,
    tries_before: i64,
    schedule_began: i64,
    expires_at: Option<i64>,
    generation: i64,
    event_type: Option<String>,
    occurred_at: Option<i64>,
    session: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
}

impl From<ClaimColumns> for ClaimRow {
    fn from(columns: ClaimColumns) -> Self {
        let (
            id,
            company_id,
            endpoint_id,
            event_id,
            due_at,
            tries,
            tries_before,
            schedule_began,
            expires_at,
            generation,
            event_type,
            occurred_at,
            session,
            data,
        ) = columns;
        Self {
            id,
            company_id,
            endpoint_id,
            event_id,
            due_at,
            tries,
            tries_before,
            schedule_began,
            expires_at,
            generation,
            event_type,
            occurred_at,
            session,
            data,
        }
    }
}

impl ClaimRow {
    /// The delivery, and whether its event is still there.
    fn read(self) -> Result<(Claimed, bool), Error> {
        let corrupt =
            |what: &str| Error::Corrupt { table: "pending", id: self.id, what: what.into() };
        let count = |value: i64| u32::try_from(value).map_err(|_| corrupt("a count is negative"));
        let progress = Progress {
            tries: count(self.tries)?,
            tries_before: count(self.tries_before)?,
            schedule_began: from_micros(self.schedule_began),
            expires_at: self.expires_at.map(from_micros),
        };
        let generation = count(self.generation)?;
        let is_there = self.data.is_some();
        let event_type = self.event_type.as_deref().unwrap_or("unknown");
        let event_type =
            EventTypeName::parse(event_type).map_err(|_| corrupt("its event's type"))?;
        let delivery = Claimed {
            id: DeliveryId::from_raw(self.id),
            endpoint: EndpointId::from_raw(self.endpoint_id),
            event: Event {
                id: EventId::from_raw(self.event_id),
                company: CompanyId::from_raw(self.company_id),
                event_type,
                data: Arc::from(self.data.unwrap_or_default()),
                occurred_at: from_micros(self.occurred_at.unwrap_or_default()),
                session: self.session.map(Arc::from),
            },
            progress,
            generation,
            due_at: from_micros(self.due_at),
        };
        Ok((delivery, is_there))
    }
}

async fn claim_sqlite(
    connection: &mut sqlx::SqliteConnection,
    want: &LaneWant,
    incarnation: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimColumns>, Error> {
    const OLDEST: &str = "UPDATE pending SET claimed_by = ?1 WHERE id IN (SELECT id FROM pending \
        WHERE endpoint_id = ?2 AND claimed_by = 0 AND due_at <= ?3 ORDER BY due_at, id LIMIT ?4) RETURNING id";
    const ASKED_FOR: &str = "UPDATE pending SET claimed_by = ?1 WHERE id IN (SELECT id FROM pending \
        WHERE endpoint_id = ?2 AND claimed_by = 0 AND due_at <= 0 AND ?3 > 0 ORDER BY due_at, id LIMIT ?4) RETURNING id";
    const NEWEST: &str = "UPDATE pending SET claimed_by = ?1 WHERE id IN (SELECT id FROM pending \
        WHERE endpoint_id = ?2 AND claimed_by = 0 AND due_at <= ?3 ORDER BY due_at DESC, id DESC LIMIT ?4) RETURNING id";
    let statements: &[&'static str] =
        if want.newest_first { &[ASKED_FOR, NEWEST] } else { &[OLDEST] };
    let mut ids: Vec<i64> = Vec::new();
    for statement in statements {
        let left = want.rows.saturating_sub(ids.len());
        let found: Vec<(i64,)> = sqlx::query_as(*statement)
            .bind(incarnation)
            .bind(want.endpoint.raw())
            .bind(micros(now))
            .bind(i64::try_from(left).unwrap_or(0))
            .fetch_all(&mut *connection)
            .await?;
        ids.extend(found.into_iter().map(|(id,)| id));
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    const READ: &str = "SELECT p.id, p.company_id, p.endpoint_id, p.event_id, p.due_at, p.tries, p.tries_before, \
        p.schedule_began, p.expires_at, p.generation, e.event_type, e.occurred_at, e.session, e.data \
        FROM json_each(?1) j JOIN pending p ON p.id = j.value LEFT JOIN events e ON e.id = p.event_id \
        ORDER BY p.due_at, p.id";
    let json = serde_json::to_string(&ids).unwrap_or_default();
    Ok(sqlx::query_as(READ).bind(json).fetch_all(&mut *connection).await?)
}

/// One statement for all lanes. The rows are chosen in a materialized step, because an `UPDATE …
/// WHERE id IN (SELECT … LIMIT … SKIP LOCKED)` may take more than its limit.
pub(crate) const CLAIM_POSTGRES: &str = "WITH l AS MATERIALIZED (\
        SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS t(endpoint_id, room)), \
    c AS MATERIALIZED (SELECT x.company_id, x.id FROM l CROSS JOIN LATERAL (\
        SELECT p.company_id, p.id FROM pending p WHERE p.endpoint_id = l.endpoint_id AND p.claimed_by = 0 \
        AND p.due_at <= $3 ORDER BY p.due_at, p.id LIMIT l.room FOR UPDATE SKIP LOCKED) x), \
    u AS (UPDATE pending p SET claimed_by = $4 FROM c WHERE p.company_id = c.company_id AND p.id = c.id \
        RETURNING p.*) \
    SELECT u.id, u.company_id, u.endpoint_id, u.event_id, u.due_at, u.tries, u.tries_before, u.schedule_began, \
        u.expires_at, u.generation, e.event_type, e.occurred_at, e.session, e.data \
    FROM u LEFT JOIN events e ON e.company_id = u.company_id AND e.id = u.event_id \
    ORDER BY u.due_at, u.id";

/// The newest due row of one lane.
pub(crate) const CLAIM_NEWEST_POSTGRES: &str = "WITH c AS MATERIALIZED (\
        SELECT p.company_id, p.id FROM pending p WHERE p.endpoint_id = $1 AND p.claimed_by = 0 \
        AND p.due_at <= $3 ORDER BY p.due_at DESC, p.id DESC LIMIT $2 FOR UPDATE SKIP LOCKED), \
    u AS (UPDATE pending p SET claimed_by = $4 FROM c WHERE p.company_id = c.company_id AND p.id = c.id \
        RETURNING p.*) \
    SELECT u.id, u.company_id, u.endpoint_id, u.event_id, u.due_at, u.tries, u.tries_before, u.schedule_began, \
        u.expires_at, u.generation, e.event_type, e.occurred_at, e.session, e.data \
    FROM u LEFT JOIN events e ON e.company_id = u.company_id AND e.id = u.event_id \
    ORDER BY u.due_at, u.id";

async fn claim_postgres(
    connection: &mut sqlx::PgConnection,
    wants: &[LaneWant],
    incarnation: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimColumns>, Error> {
    let mut rows: Vec<ClaimColumns> = Vec::new();
    let oldest: Vec<&LaneWant> = wants.iter().filter(|want| !want.newest_first).collect();
    if !oldest.is_empty() {
        let endpoints: Vec<i64> = oldest.iter().map(|want| want.endpoint.raw()).collect();
        let rooms: Vec<i64> =
            oldest.iter().map(|want| i64::try_from(want.rows).unwrap_or(0)).collect();
        let found: Vec<ClaimColumns> = sqlx::query_as(CLAIM_POSTGRES)
            .bind(endpoints)
            .bind(rooms)
            .bind(micros(now))
            .bind(incarnation)
            .fetch_all(&mut *connection)
            .await?;
        rows.extend(found);
    }
    for want in wants.iter().filter(|want| want.newest_first) {
        // A person's wish first: it is due at zero, and so the oldest; then the newest.
        let mut left = i64::try_from(want.rows).unwrap_or(0);
        let asked_for: Vec<ClaimColumns> = sqlx::query_as(CLAIM_POSTGRES)
            .bind(vec![want.endpoint.raw()])
            .bind(vec![left])
            .bind(0_i64)
            .bind(incarnation)
            .fetch_all(&mut *connection)
            .await?;
        left -= i64::try_from(asked_for.len()).unwrap_or(0);
        rows.extend(asked_for);
        if left > 0 {
            let newest: Vec<ClaimColumns> = sqlx::query_as(CLAIM_NEWEST_POSTGRES)
                .bind(want.endpoint.raw())
                .bind(left)
                .bind(micros(now))
                .bind(incarnation)
                .fetch_all(&mut *connection)
                .await?;
            rows.extend(newest);
        }
    }
    Ok(rows)
}

/// Writes down when a lane is due next, and says when that is.
async fn next_due(tx: &mut HotTx, endpoint: EndpointId, incarnation: i64) -> Result<i64, Error> {
    const SQL: &str = "UPDATE lanes SET next_due = COALESCE((SELECT p.due_at FROM pending p \
        WHERE p.endpoint_id = $1 AND p.claimed_by = 0 ORDER BY p.due_at, p.id LIMIT 1), $3) \
        WHERE endpoint_id = $1 AND owner = $2 RETURNING next_due";
    let row: Option<(i64,)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query_as(SQL).bind(endpoint.raw()).bind(incarnation).bind(NEVER);
            query.fetch_optional(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query_as(SQL).bind(endpoint.raw()).bind(incarnation).bind(NEVER);
            query.fetch_optional(&mut **connection).await?
        }
    };
    Ok(row.map_or(NEVER, |(next,)| next))
}

async fn put_lanes_off(tx: &mut HotTx, lanes: &[LaneWant], incarnation: i64) -> Result<(), Error> {
    const SQL: &str =
        "UPDATE lanes SET next_due = $3 WHERE endpoint_id = $1 AND owner = $2 AND next_due < $3";
    for lane in lanes {
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                let query = sqlx::query(SQL)
                    .bind(lane.endpoint.raw())
                    .bind(incarnation)
                    .bind(micros(lane.put_off));
                query.execute(&mut **connection).await?;
            }
            HotConnection::Postgres(connection) => {
                let query = sqlx::query(SQL)
                    .bind(lane.endpoint.raw())
                    .bind(incarnation)
                    .bind(micros(lane.put_off));
                query.execute(&mut **connection).await?;
            }
        }
    }
    Ok(())
}
