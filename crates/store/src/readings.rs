//! What operators watch of the database and of what waits for it. Each reading goes by an index and
//! does not grow with the backlog or with history.

use chrono::{DateTime, Utc};
use domain::endpoint::Status;
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Value};

use crate::ingest::INGEST_BYTES_MAX;
use crate::ingest_queue::INGEST_QUEUE_MAX;
use crate::metrics::Metrics;
use crate::pools::Pools;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// The oldest due delivery that no node has claimed, of all endpoints that are not held. One probe
/// of an index for each lane: an endpoint with a backlog has one, however long it is. A due time of 0
/// is a person's wish and says nothing about age.
pub(crate) const OLDEST_DUE: &str = "SELECT CASE WHEN e.defective_at IS NULL THEN 0 ELSE 1 END AS slow, \
    min((SELECT p.due_at FROM pending p WHERE p.endpoint_id = l.endpoint_id AND p.claimed_by = 0 \
    AND p.due_at > 0 ORDER BY p.due_at LIMIT 1)) AS oldest \
    FROM lanes l JOIN endpoints e ON e.id = l.endpoint_id JOIN companies c ON c.id = l.company_id \
    WHERE e.switch = 'enabled' AND e.deleted_at IS NULL AND c.suspended_at IS NULL \
    AND l.hold_until <= $1 GROUP BY 1";

/// How many mails or jobs are counted at most.
pub const WAITING_COUNTED_MAX: i64 = 10_000;

/// When the oldest due deliveries became due that wait in the database; `None` where nothing is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OldestDue {
    /// For endpoints that are Enabled.
    pub enabled: Option<DateTime<Utc>>,
    /// For Defective ones, which get one request at a time.
    pub defective: Option<DateTime<Utc>>,
}

/// Mails that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingMails {
    /// How many, up to [`WAITING_COUNTED_MAX`].
    pub count: i64,
    /// Since when the longest due one is due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// How a pool of connections is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// Which one.
    pub name: &'static str,
    /// Connections that are doing something.
    pub in_use: usize,
    /// Connections that wait for something to do.
    pub idle: usize,
    /// How many there may be.
    pub max: usize,
}

/// What waits for the writer of ingest, or is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestQueue {
    /// Requests that wait.
    pub requests: usize,
    /// How many may.
    pub requests_max: usize,
    /// Bytes of those that wait and of those being written.
    pub bytes: usize,
    /// How many there may be.
    pub bytes_max: usize,
}

impl Store {
    /// What this process has counted.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Since when the oldest delivery is due that waits in the database. What a node has claimed is in
    /// its memory; paused, disabled and suspended ones and those held by a Retry-After do not count.
    pub async fn oldest_due(&self, now: DateTime<Utc>) -> Result<OldestDue, Error> {
        let values: [Value; 1] = [micros(now).into()];
        let rows = self.reader().query_all_raw(self.statement(OLDEST_DUE, values)).await?;
        let mut oldest = OldestDue::default();
        for row in rows {
            let due = row.try_get::<Option<i64>>("", "oldest")?;
            let due = due.filter(|due| *due <= micros(now)).map(from_micros);
            match row.try_get::<i32>("", "slow")? {
                0 => oldest.enabled = due,
                _ => oldest.defective = due,
            }
        }
        Ok(oldest)
    }

    /// How many endpoints have which status, deleted ones apart.
    pub async fn endpoints_by_status(&self) -> Result<Vec<(Status, i64)>, Error> {
        let sql = "SELECT CASE WHEN switch = 'paused' THEN 'paused' WHEN switch <> 'enabled' THEN 'disabled' \
            WHEN defective_at IS NOT NULL THEN 'defective' ELSE 'enabled' END AS status, \
            count(*) AS endpoints FROM endpoints WHERE deleted_at IS NULL GROUP BY 1";
        let rows = self.reader().query_all_raw(self.statement(sql, [])).await?;
        let read = |row: &QueryResult| {
            Ok((row.try_get::<String>("", "status")?, row.try_get::<i64>("", "endpoints")?))
        };
        let counts = rows.iter().map(read).collect::<Result<Vec<(String, i64)>, Error>>()?;
        let all = [Status::Enabled, Status::Paused, Status::Disabled, Status::Defective];
        let count = |status: Status| {
            let found = counts.iter().find(|(name, _)| name == status.as_str());
            (status, found.map_or(0, |(_, count)| *count))
        };
        Ok(all.into_iter().map(count).collect())
    }

    /// The mails that wait to be sent.
    pub async fn waiting_mails(&self, now: DateTime<Utc>) -> Result<WaitingMails, Error> {
        let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM mail_outbox WHERE state = 'queued' LIMIT $1) q) AS mails, \
            (SELECT due_at FROM mail_outbox WHERE state = 'queued' AND due_at <= $2 ORDER BY due_at LIMIT 1) AS oldest";
        let values: [Value; 2] = [WAITING_COUNTED_MAX.into(), micros(now).into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let row = row.ok_or(Error::NotFound)?;
        let oldest: Option<i64> = row.try_get("", "oldest")?;
        Ok(WaitingMails { count: row.try_get("", "mails")?, oldest_due: oldest.map(from_micros) })
    }

    /// How many jobs run, up to [`WAITING_COUNTED_MAX`].
    pub async fn running_jobs(&self) -> Result<i64, Error> {
        let sql =
            "SELECT count(*) AS jobs FROM (SELECT 1 FROM jobs WHERE state = 'running' LIMIT $1) j";
        let values: [Value; 1] = [WAITING_COUNTED_MAX.into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        Ok(row.ok_or(Error::NotFound)?.try_get("", "jobs")?)
    }

    /// How the pools of connections are used.
    pub fn pool_use(&self) -> Vec<PoolUse> {
        let of = |name, size: u32, idle: usize, max: u32| {
            let (size, max) = (size as usize, max as usize);
            PoolUse { name, in_use: size.saturating_sub(idle), idle: idle.min(size), max }
        };
        match &self.inner.pools {
            Pools::Sqlite { write, read, .. } => [("write", write), ("read", read)]
                .into_iter()
                .map(|(name, pool)| {
                    let pool = pool.get_sqlite_connection_pool();
                    let max = pool.options().get_max_connections();
                    of(name, pool.size(), pool.num_idle(), max)
                })
                .collect(),
            Pools::Postgres { pool } => {
                let pool = pool.get_postgres_connection_pool();
                let max = pool.options().get_max_connections();
                let (kept_in_use, kept_idle, kept_max) = self.inner.keeper.counts();
                let pooled = of("all", pool.size(), pool.num_idle(), max);
                vec![PoolUse {
                    in_use: pooled.in_use + kept_in_use,
                    idle: pooled.idle + kept_idle,
                    max: pooled.max + kept_max,
                    ..pooled
                }]
            }
        }
    }

    /// What waits for the writer of ingest.
    pub fn ingest_queue(&self) -> IngestQueue {
        let bytes_max = INGEST_BYTES_MAX as usize;
        IngestQueue {
            requests: self.inner.ingest.requests(),
            requests_max: INGEST_QUEUE_MAX,
            bytes: bytes_max.saturating_sub(self.inner.ingest_room.available_permits()),
            bytes_max,
        }
    }

    /// Rows of which this node cannot tell whether it has claimed them.
    pub fn doubtful_rows(&self) -> usize {
        self.inner.doubtful.lock().len()
    }

    /// Whether history is partitioned, so that rows can stand in a default partition.
    pub fn is_partitioned(&self) -> bool {
        self.backend() == DatabaseBackend::Postgres
    }
}
