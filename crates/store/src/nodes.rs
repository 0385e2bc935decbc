//! Nodes: each incarnation proves that it lives by a session lock (PostgreSQL) and a heartbeat.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::NODE_SLOTS;
use sea_orm::sqlx::{self, ConnectOptions, PgConnection};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use crate::pools::{Pools, connect_options};
use crate::time::{from_micros, micros};
use crate::traffic::Rest;
use crate::{Error, Store};

/// The namespace of the session locks that nodes hold.
const LOCK_SPACE: i32 = 710_346;
/// A heartbeat older than this counts as death where no lock can tell: the longest timeout of an
/// endpoint, twice.
pub const STALE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// A node as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    /// What it is called.
    pub name: String,
    /// Which life of it.
    pub incarnation: i64,
    /// When it joined.
    pub started_at: DateTime<Utc>,
    /// When it last said that it lives.
    pub heartbeat_at: DateTime<Utc>,
    /// Whether it is leaving.
    pub stopping: bool,
    /// How many lanes it owns.
    pub lanes: i64,
    /// How many deliveries it has claimed, where an index can tell.
    pub claimed: Option<i64>,
}

/// A node's proof of life. Dropping it lets others take its work over.
#[derive(Debug)]
pub struct Membership {
    lock: Option<PgConnection>,
}

impl Store {
    /// Registers this node under its incarnation. On SQLite whatever earlier incarnations held is
    /// freed at once: there is only one node.
    pub async fn join(&self, name: &str, now: DateTime<Utc>) -> Result<Membership, Error> {
        let membership = self.join_as(self.incarnation(), name, now).await?;
        self.look_through_lines().await?;
        Ok(membership)
    }

    async fn join_as(
        &self,
        incarnation: i64,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Membership, Error> {
        match &self.inner.pools {
            Pools::Sqlite { .. } => {
                self.free_all_claims(now).await?;
                let tx = self.begin().await?;
                insert_node(self, &tx, incarnation, name, 0, micros(now)).await?;
                tx.commit().await?;
                Ok(Membership { lock: None })
            }
            Pools::Postgres { .. } => {
                let mut lock = self.hold_lock(incarnation).await?;
                let tx = self.begin().await?;
                // Two nodes that join at once choose their slots one after the other.
                let sql = "SELECT value FROM counters WHERE name = 'incarnation' FOR UPDATE";
                tx.query_one_raw(self.statement(sql, [])).await?;
                let slot = free_slot(self, &tx, incarnation).await?;
                let at = database_time(&mut lock).await?;
                insert_node(self, &tx, incarnation, name, slot, at).await?;
                tx.commit().await?;
                self.inner.ids.take_slot(slot);
                Ok(Membership { lock: Some(lock) })
            }
        }
    }

    async fn hold_lock(&self, incarnation: i64) -> Result<PgConnection, Error> {
        let mut connection = connect_options(&self.inner.url)?.connect().await?;
        let (held,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK_SPACE)
            .bind(lock_key(incarnation))
            .fetch_one(&mut connection)
            .await?;
        if held {
            return Ok(connection);
        }
        Err(Error::Configuration("another node holds this node's lock".into()))
    }

    /// Tells the others that this node lives, and measures how far the database's clock is ahead of
    /// `now`. [`Error::NotFound`]: the others have taken it for dead. Any other error means that
    /// nobody can tell. On PostgreSQL it needs no connection of the pool, which may be busy.
    pub async fn heartbeat(
        &self,
        membership: &mut Membership,
        now: DateTime<Utc>,
    ) -> Result<TimeDelta, Error> {
        const BEAT: &str = "UPDATE nodes SET heartbeat_at = $2 WHERE incarnation = $1";
        let Some(connection) = &mut membership.lock else {
            let values: [Value; 2] = [self.incarnation().into(), micros(now).into()];
            self.inner.pools.write().execute_raw(self.statement(BEAT, values)).await?;
            return Ok(TimeDelta::zero());
        };
        let begun = Instant::now();
        let database = database_time(connection).await?;
        let half_way = TimeDelta::from_std(begun.elapsed() / 2).unwrap_or_default();
        let done = sqlx::query(BEAT)
            .bind(self.incarnation())
            .bind(database)
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        Ok(from_micros(database) - (now + half_way))
    }

    /// How far the database's clock is ahead of what `now` says; zero on SQLite, which has none.
    pub async fn database_ahead(
        &self,
        now: impl Fn() -> DateTime<Utc> + Send,
    ) -> Result<TimeDelta, Error> {
        let Pools::Postgres { pool } = &self.inner.pools else { return Ok(TimeDelta::zero()) };
        let mut connection = pool.get_postgres_connection_pool().acquire().await?;
        let before = now();
        let database = database_time(&mut connection).await?;
        let half_way = before + (now() - before) / 2;
        Ok(from_micros(database) - half_way)
    }

    /// Whether others could take this node for dead: not on SQLite, where there are none.
    pub fn can_be_taken_for_dead(&self) -> bool {
        matches!(self.inner.pools, Pools::Postgres { .. })
    }

    /// How many nodes live, this one included.
    pub async fn live_nodes(&self) -> Result<u32, Error> {
        let sql = "SELECT count(*) AS nodes FROM nodes WHERE stopping = 0";
        let row = self.reader().query_one_raw(self.statement(sql, [])).await?;
        let count = row.map_or(Ok(1), |row| row.try_get::<i64>("", "nodes"))?;
        Ok(u32::try_from(count.max(1)).unwrap_or(1))
    }

    /// The nodes that are registered, the newest first. There are never more than [`NODE_SLOTS`].
    pub async fn nodes(&self) -> Result<Vec<NodeRecord>, Error> {
        const POSTGRES: &str = "SELECT n.incarnation, n.name, n.started_at, n.heartbeat_at, n.stopping, \
            (SELECT count(*) FROM lanes l WHERE l.owner = n.incarnation) AS lanes, \
            (SELECT count(*) FROM pending p WHERE p.claimed_by = n.incarnation AND p.claimed_by <> 0) AS claimed \
            FROM nodes n ORDER BY n.incarnation DESC";
        const SQLITE: &str = "SELECT n.incarnation, n.name, n.started_at, n.heartbeat_at, n.stopping, \
            (SELECT count(*) FROM lanes l WHERE l.owner = n.incarnation) AS lanes, NULL AS claimed \
            FROM nodes n ORDER BY n.incarnation DESC";
        let sql = match &self.inner.pools {
            Pools::Sqlite { .. } => SQLITE,
            Pools::Postgres { .. } => POSTGRES,
        };
        let rows = self.reader().query_all_raw(self.statement(sql, [])).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok(NodeRecord {
                name: row.try_get("", "name")?,
                incarnation: row.try_get("", "incarnation")?,
                started_at: from_micros(row.try_get("", "started_at")?),
                heartbeat_at: from_micros(row.try_get("", "heartbeat_at")?),
                stopping: row.try_get::<i64>("", "stopping")? != 0,
                lanes: row.try_get("", "lanes")?,
                claimed: row.try_get("", "claimed")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Incarnations that are dead: their lock is free, or, where no lock can tell, their heartbeat
    /// is long past.
    pub async fn dead_nodes(&self) -> Result<Vec<i64>, Error> {
        let rows = match &self.inner.pools {
            Pools::Sqlite { .. } => return Ok(Vec::new()),
            Pools::Postgres { pool } => {
                let sql = "SELECT n.incarnation FROM nodes n WHERE n.incarnation <> $1 AND (NOT EXISTS (\
                    SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid::bigint = $2 \
                    AND l.objid::bigint = n.incarnation % 2147483647 AND l.granted \
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) \
                    OR n.heartbeat_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $3)";
                let stale = crate::time::span_micros(STALE_AFTER);
                let values: [Value; 3] =
                    [self.incarnation().into(), i64::from(LOCK_SPACE).into(), stale.into()];
                pool.query_all_raw(self.statement(sql, values)).await?
            }
        };
        rows.iter().map(|row| Ok(row.try_get("", "incarnation")?)).collect()
    }

    /// Says goodbye: what is still claimed is given back and the node's row goes. `is_under_way`: requests of
    /// this process may still be on the wire.
    pub async fn leave(&self, is_under_way: bool, now: DateTime<Utc>) -> Result<(), Error> {
        let me = self.incarnation();
        let rest = if is_under_way { Rest::OF_WHAT_IS_UNDER_WAY } else { Rest::SHORT };
        while self.free_claims(me, rest, now).await? {}
        Ok(())
    }

    /// Comes back as a new incarnation after the old one may have been taken for dead.
    pub async fn rejoin(&self, name: &str, now: DateTime<Utc>) -> Result<Membership, Error> {
        let sql =
            "UPDATE counters SET value = value + 1 WHERE name = 'incarnation' RETURNING value";
        let row = self.inner.pools.write().query_one_raw(self.statement(sql, [])).await?;
        let incarnation: i64 = row.ok_or(Error::NotFound)?.try_get("", "value")?;
        let membership = self.join_as(incarnation, name, now).await?;
        self.inner.incarnation.store(incarnation, std::sync::atomic::Ordering::Release);
        Ok(membership)
    }
}

/// The one way in which the database is asked for the time.
async fn database_time(connection: &mut PgConnection) -> Result<i64, Error> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let (at,): (i64,) = sqlx::query_as(sql).fetch_one(connection).await?;
    Ok(at)
}

async fn insert_node(
    store: &Store,
    tx: &DatabaseTransaction,
    incarnation: i64,
    name: &str,
    slot: i64,
    at: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO nodes (incarnation, name, slot, started_at, heartbeat_at) \
        VALUES ($1, $2, $3, $4, $4) \
        ON CONFLICT (incarnation) DO UPDATE SET heartbeat_at = excluded.heartbeat_at";
    let values: [Value; 4] = [incarnation.into(), name.into(), slot.into(), at.into()];
    tx.execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// The first slot from the incarnation's own on that no node has: ids of two nodes never meet.
async fn free_slot(
    store: &Store,
    tx: &DatabaseTransaction,
    incarnation: i64,
) -> Result<i64, Error> {
    let rows = tx.query_all_raw(store.statement("SELECT slot FROM nodes", [])).await?;
    let taken = rows
        .iter()
        .map(|row| row.try_get("", "slot"))
        .collect::<Result<HashSet<i64>, sea_orm::DbErr>>()?;
    (0..NODE_SLOTS)
        .map(|step| (incarnation + step) % NODE_SLOTS)
        .find(|slot| !taken.contains(slot))
        .ok_or_else(|| Error::Configuration(format!("there are {NODE_SLOTS} nodes already")))
}

/// Advisory locks take 32 bits; incarnations count up from 1 and never come near.
fn lock_key(incarnation: i64) -> i32 {
    i32::try_from(incarnation % i64::from(i32::MAX)).unwrap_or(0)
}
