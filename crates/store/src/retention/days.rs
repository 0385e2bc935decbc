//! PostgreSQL: whole days. A day is read without a lock, to find out what of it is still needed; then its
//! partitions are dropped, and that is put into the default ones, in one transaction of milliseconds. Whoever
//! puts something back meanwhile that needs the day says so ([`super::kept`]).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Postgres};
use sea_orm::{ConnectionTrait, Statement};

use crate::partitions::{Day, HISTORY};
use crate::retention::{LOOK_AGAIN, RetentionStep, RetentionWalk};
use crate::time::micros;
use crate::{Error, Store};

/// For how many deliveries rows of a day are kept when it is dropped: they are moved while everybody waits. A
/// day of which more is needed stays until that is less.
pub const DAY_KEPT_MAX: i64 = 10_000;
/// And how many rows of how many bytes are moved at most, with all deliveries of their events.
const MOVED_ROWS_MAX: i64 = 50_000;
const MOVED_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// One node at a time.
const LOCK: &str = "SELECT pg_try_advisory_lock(7103462)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7103462)";
/// A day is read from one end to the other, which may take long. Whoever waits for a lock on history makes
/// everybody who comes later wait, too.
const SETTINGS: &str = "SET statement_timeout = '10min'; SET lock_timeout = '100ms'; \
    SET enable_seqscan = on; SET max_parallel_workers_per_gather = 0";
/// `lock_not_available`.
const NOT_TO_BE_HAD: &str = "55P03";
/// After how long a day is tried again whose tables were not to be had.
const TRY_AGAIN: TimeDelta = TimeDelta::seconds(10);

/// The deliveries for which something of a day is needed: those that wait, those that ended lately, and those
/// made later for the day's events that ended lately. Ids from `$1` to below `$2` are the day's, `$3` is when what ended lately began, `$4` how many.
const KEPT: [&str; 3] = [
    "INSERT INTO retention_kept SELECT company_id, event_id, id FROM pending \
     WHERE ((event_id >= $1 AND event_id < $2) OR (id >= $1 AND id < $2)) AND $3 > 0 LIMIT $4 \
     ON CONFLICT DO NOTHING",
    "INSERT INTO retention_kept SELECT DISTINCT company_id, event_id, id FROM deliveries \
     WHERE id >= $1 AND id < $2 AND finished_at >= $3 LIMIT $4 ON CONFLICT DO NOTHING",
    "INSERT INTO retention_kept SELECT l.company_id, l.event_id, l.id FROM later_deliveries l \
     WHERE l.event_id >= $1 AND l.event_id < $2 AND EXISTS (SELECT 1 FROM deliveries d \
     WHERE d.company_id = l.company_id AND d.id = l.id AND d.finished_at >= $3) LIMIT $4 ON CONFLICT DO NOTHING",
];

/// Puts what is needed of a detached partition, of which `{}` is the name, into the default one: of an event
/// that is needed all deliveries, and deliveries that are needed although their event was another day's.
const KEPT_EVENTS: &str = "INSERT INTO events SELECT e.* \
    FROM (SELECT DISTINCT company_id, event_id FROM retention_kept) k \
    JOIN {} e ON e.company_id = k.company_id AND e.id = k.event_id ON CONFLICT DO NOTHING";
const KEPT_DELIVERIES: &str = "INSERT INTO deliveries SELECT d.* \
    FROM (SELECT DISTINCT company_id, event_id FROM retention_kept) k \
    JOIN events e ON e.company_id = k.company_id AND e.id = k.event_id \
    JOIN {} d ON d.company_id = e.company_id AND d.id > e.id AND d.id <= e.id + e.deliveries \
    UNION ALL SELECT d.* FROM retention_kept k \
    JOIN {} d ON d.company_id = k.company_id AND d.id = k.delivery_id ON CONFLICT DO NOTHING";
const KEPT_ATTEMPTS: &str = "INSERT INTO attempts SELECT a.* \
    FROM (SELECT DISTINCT company_id, event_id FROM retention_kept) k \
    JOIN events e ON e.company_id = k.company_id AND e.id = k.event_id \
    JOIN {} a ON a.company_id = e.company_id AND a.delivery_id > e.id AND a.delivery_id <= e.id + e.deliveries \
    UNION ALL SELECT a.* FROM retention_kept k \
    JOIN {} a ON a.company_id = k.company_id AND a.delivery_id = k.delivery_id ON CONFLICT DO NOTHING";

/// How many rows that is, and of how many bytes: some are counted twice.
const MOVED: &str = "WITH e AS (SELECT e.company_id, e.id, e.deliveries, octet_length(e.data) AS bytes \
    FROM (SELECT DISTINCT company_id, event_id FROM retention_kept) k \
    JOIN events e ON e.company_id = k.company_id AND e.id = k.event_id), \
    d AS (SELECT octet_length(d.response_body) AS bytes FROM e \
    JOIN deliveries d ON d.company_id = e.company_id AND d.id > e.id AND d.id <= e.id + e.deliveries), \
    a AS (SELECT octet_length(a.response_body) AS bytes FROM e \
    JOIN attempts a ON a.company_id = e.company_id AND a.delivery_id > e.id AND a.delivery_id <= e.id + e.deliveries), \
    o AS (SELECT octet_length(a.response_body) AS bytes FROM retention_kept k \
    JOIN attempts a ON a.company_id = k.company_id AND a.delivery_id = k.delivery_id) \
    SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM (SELECT bytes FROM e UNION ALL SELECT bytes FROM d \
    UNION ALL SELECT bytes FROM a UNION ALL SELECT bytes FROM o) moved";

/// What became of a day.
enum Tried {
    Dropped(u64),
    /// Too much of it is needed.
    Stays,
    /// Somebody has its tables, or its row, for longer than others can be made to wait.
    NotToBeHad,
}

impl Store {
    /// Drops the oldest day that is over; rests where there is none, or another node is at it.
    pub(super) async fn remove_day(
        &self,
        walk: &mut RetentionWalk,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        walk.waiting.retain(|_, until| *until > now);
        let days = self.days_before(before).await?;
        let free = |day: &NaiveDate| !walk.waiting.contains_key(day);
        let Some(day) = days.into_iter().find(free) else { return Ok(RetentionStep::Rest) };
        let pool = self.inner.pools.write().get_postgres_connection_pool();
        let mut connection = pool.acquire().await?;
        // Its settings end with it, and the lock where something fails.
        connection.close_on_drop();
        sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
        if !sqlx::query_scalar::<_, bool>(LOCK).fetch_one(&mut *connection).await? {
            return Ok(RetentionStep::Rest);
        }
        // Whatever is wrong with one day does not keep the others.
        walk.waiting.insert(day, now + LOOK_AGAIN);
        let tried = try_day(&mut connection, Day(day), before).await?;
        // The server ends a connection some time after it was closed, and the next day may be tried before.
        sqlx::raw_sql(UNLOCK).execute(&mut *connection).await?;
        match tried {
            Tried::Dropped(kept) => Ok(RetentionStep::Dropped { day, kept }),
            Tried::Stays => Ok(RetentionStep::Stays { day }),
            Tried::NotToBeHad => {
                walk.waiting.insert(day, now + TRY_AGAIN);
                Ok(RetentionStep::Rest)
            }
        }
    }

    /// The days before a moment of which there are partitions, the oldest first.
    async fn days_before(&self, before: DateTime<Utc>) -> Result<BTreeSet<NaiveDate>, Error> {
        let tables = HISTORY.map(|table| format!("'{table}'::regclass")).join(", ");
        let sql = format!(
            "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent IN ({tables})"
        );
        let rows = self.reader().query_all_raw(Statement::from_string(self.backend(), sql)).await?;
        let mut days = BTreeSet::new();
        for row in rows {
            let name: String = row.try_get("", "name")?;
            days.extend(
                Day::of_partition(&name).filter(|day| day.is_before(before)).map(|day| day.0),
            );
        }
        Ok(days)
    }
}

async fn try_day(
    connection: &mut PoolConnection<Postgres>,
    day: Day,
    before: DateTime<Utc>,
) -> Result<Tried, Error> {
    let tried = async {
        announce(connection, day.ids()).await?;
        let kept = find_kept(connection, day.ids(), before).await?;
        if kept > DAY_KEPT_MAX || (kept > 0 && is_too_much(connection).await?) {
            announce(connection, (0, 0)).await?;
            return Ok(Tried::Stays);
        }
        drop_day(connection, day).await.map(Tried::Dropped)
    };
    match tried.await {
        Ok(tried) => Ok(tried),
        Err(error) if is_not_to_be_had(&error) => Ok(Tried::NotToBeHad),
        Err(error) => Err(error.into()),
    }
}

fn is_not_to_be_had(error: &sqlx::Error) -> bool {
    let database = error.as_database_error();
    database.is_some_and(|error| error.code().is_some_and(|code| code == NOT_TO_BE_HAD))
}

/// Says which ids are being removed: whoever puts something back that needs them adds to what is kept. Those
/// who have looked before are waited for.
async fn announce(
    connection: &mut PoolConnection<Postgres>,
    (low, high): (i64, i64),
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "BEGIN; UPDATE retention SET low = {low}, high = {high} WHERE name = 'history'; \
         DELETE FROM retention_kept; COMMIT"
    );
    rolled_back(connection, sqlx::raw_sql(AssertSqlSafe(sql))).await
}

/// Runs a transaction; where it fails, the connection is as it was before.
async fn rolled_back(
    connection: &mut PoolConnection<Postgres>,
    transaction: sqlx::RawSql,
) -> Result<(), sqlx::Error> {
    let done = transaction.execute(&mut **connection).await;
    if done.is_err() {
        sqlx::raw_sql("ROLLBACK").execute(&mut **connection).await?;
    }
    done.map(|_| ())
}

/// Writes down for which deliveries something of the day is needed, until there are too many. Gives how many.
async fn find_kept(
    connection: &mut PoolConnection<Postgres>,
    (low, high): (i64, i64),
    before: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let mut kept = 0;
    for sql in KEPT {
        let query = sqlx::query(sql).bind(low).bind(high).bind(micros(before));
        query.bind(DAY_KEPT_MAX + 1).execute(&mut **connection).await?;
        let count = "SELECT count(*) FROM retention_kept";
        kept = sqlx::query_scalar(count).fetch_one(&mut **connection).await?;
        if kept > DAY_KEPT_MAX {
            break;
        }
    }
    Ok(kept)
}

/// Whether more would have to be moved than everybody can wait for.
async fn is_too_much(connection: &mut PoolConnection<Postgres>) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql("ANALYZE retention_kept; SET enable_seqscan = off")
        .execute(&mut **connection)
        .await?;
    let (rows, bytes): (i64, i64) = sqlx::query_as(MOVED).fetch_one(&mut **connection).await?;
    Ok(rows > MOVED_ROWS_MAX || bytes > MOVED_BYTES_MAX)
}

/// Drops the day's partitions and keeps what is needed. Gives for how many deliveries.
async fn drop_day(connection: &mut PoolConnection<Postgres>, day: Day) -> Result<u64, sqlx::Error> {
    let done = drop_in_transaction(connection, day).await;
    if done.is_err() {
        sqlx::raw_sql("ROLLBACK").execute(&mut **connection).await?;
    }
    done
}

/// The row before the tables: whoever has the row may come to wait for the tables.
async fn drop_in_transaction(
    connection: &mut PoolConnection<Postgres>,
    day: Day,
) -> Result<u64, sqlx::Error> {
    let begin = "BEGIN; SET LOCAL enable_seqscan = off; \
        SELECT 1 FROM retention WHERE name = 'history' FOR UPDATE; \
        LOCK TABLE ONLY events, ONLY deliveries, ONLY attempts IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(begin).execute(&mut **connection).await?;
    let count = "SELECT count(*) FROM retention_kept";
    let kept: i64 = sqlx::query_scalar(count).fetch_one(&mut **connection).await?;
    for (table, keep) in HISTORY.into_iter().zip([KEPT_EVENTS, KEPT_DELIVERIES, KEPT_ATTEMPTS]) {
        let name = day.partition(table);
        let there = "SELECT to_regclass($1) IS NOT NULL";
        if !sqlx::query_scalar::<_, bool>(there).bind(&name).fetch_one(&mut **connection).await? {
            continue;
        }
        let mut sql = format!("ALTER TABLE {table} DETACH PARTITION {name}; ");
        if kept > 0 {
            sql += &keep.replace("{}", &name);
            sql += "; ";
        }
        sql += &format!("DROP TABLE {name}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **connection).await?;
    }
    let end = format!(
        "UPDATE retention SET removed = greatest(removed, {}), low = 0, high = 0 WHERE name = 'history'; \
         DELETE FROM retention_kept; COMMIT",
        day.ids().1
    );
    sqlx::raw_sql(AssertSqlSafe(end)).execute(&mut **connection).await?;
    Ok(kept.unsigned_abs())
}
