//! SQLite: slices of events, from the oldest up, with all that belongs to them.

use chrono::{DateTime, Utc};
use domain::id::floor_at;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, Sqlite};
use sea_orm::{ConnectionTrait, Value};

use crate::hot::{Durability, Failed, HotConnection, list, runs, values, within};
use crate::retention::{RetentionStep, RetentionWalk};
use crate::time::micros;
use crate::{Error, Store};

/// How many events a slice looks at, and how many of them and of their deliveries it removes together, but
/// for the last one's: about a millisecond of the one writer.
const SLICE_EVENTS: i64 = 16;
const SLICE_IDS: i64 = 32;
/// How many rows of one table go with one statement at most; then the slice is gone on with later.
const PART_ROWS: i64 = 200;

/// An event: its id, its company, the id of its last delivery.
type Old = (i64, i64, i64);

const OLD: &str = "WITH t(id, company_id, last) AS (VALUES ";
/// Which of them are still needed. CROSS JOIN: SQLite keeps to this order of the tables, and so to keys.
const NEEDED: &str = ") SELECT t.id FROM t WHERE \
    EXISTS (SELECT 1 FROM pending p WHERE p.id > t.id AND p.id <= t.last) \
    OR EXISTS (SELECT 1 FROM deliveries d WHERE d.company_id = t.company_id AND d.id > t.id AND d.id <= t.last \
    AND d.finished_at >= ?) \
    OR EXISTS (SELECT 1 FROM later_deliveries l CROSS JOIN pending p ON p.id = l.id \
    WHERE l.company_id = t.company_id AND l.event_id = t.id) \
    OR EXISTS (SELECT 1 FROM later_deliveries l CROSS JOIN deliveries d ON d.company_id = l.company_id \
    AND d.id = l.id AND d.finished_at >= ? WHERE l.company_id = t.company_id AND l.event_id = t.id)";
/// What belongs to them: the attempts and the finished deliveries, those made later first, and by which
/// these are found.
const PARTS: [&str; 5] = [
    ") DELETE FROM attempts WHERE rowid IN (SELECT a.rowid FROM t CROSS JOIN later_deliveries l CROSS JOIN attempts a \
     WHERE l.company_id = t.company_id AND l.event_id = t.id AND a.company_id = l.company_id AND a.delivery_id = l.id LIMIT ?)",
    ") DELETE FROM deliveries WHERE rowid IN (SELECT d.rowid FROM t CROSS JOIN later_deliveries l CROSS JOIN deliveries d \
     WHERE l.company_id = t.company_id AND l.event_id = t.id AND d.company_id = l.company_id AND d.id = l.id LIMIT ?)",
    ") DELETE FROM later_deliveries WHERE (company_id, event_id, id) IN (SELECT l.company_id, l.event_id, l.id FROM t \
     CROSS JOIN later_deliveries l ON l.company_id = t.company_id AND l.event_id = t.id LIMIT ?)",
    ") DELETE FROM attempts WHERE rowid IN (SELECT a.rowid FROM t CROSS JOIN attempts a \
     WHERE a.company_id = t.company_id AND a.delivery_id > t.id AND a.delivery_id <= t.last LIMIT ?)",
    ") DELETE FROM deliveries WHERE rowid IN (SELECT d.rowid FROM t CROSS JOIN deliveries d \
     WHERE d.company_id = t.company_id AND d.id > t.id AND d.id <= t.last LIMIT ?)",
];

impl Store {
    /// Removes what nobody needs of the next slice; rests once all old events were looked at.
    pub(super) async fn remove_slice(
        &self,
        walk: &mut RetentionWalk,
        before: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        let old = self.old_events(walk.event, before).await?;
        let Some((last, ..)) = old.last().copied() else { return Ok(RetentionStep::Rest) };
        let old = self.unneeded(old, before).await?;
        if old.is_empty() {
            walk.event = last;
            return Ok(RetentionStep::Removed(0));
        }
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let HotConnection::Sqlite(connection) = &mut tx.connection else {
            return Ok(RetentionStep::Rest);
        };
        let done = within(remove(connection, old, before)).await;
        let (removed, is_whole) = tx.end(done).await.map_err(Failed::into_error)?;
        if is_whole {
            walk.event = last;
        }
        Ok(RetentionStep::Removed(removed))
    }

    /// Those of which nothing is needed now; whoever removes them looks again.
    async fn unneeded(&self, mut old: Vec<Old>, before: DateTime<Utc>) -> Result<Vec<Old>, Error> {
        let pool = self.reader().get_sqlite_connection_pool();
        let mut connection = pool.acquire().await?;
        let needed = needed(&mut connection, &old, before).await?;
        old.retain(|(id, ..)| !needed.contains(id));
        Ok(old)
    }

    /// The next events that were accepted so long ago.
    async fn old_events(&self, after: i64, before: DateTime<Utc>) -> Result<Vec<Old>, Error> {
        let sql = "SELECT id, company_id, deliveries FROM events WHERE id > $1 AND id < $2 \
            ORDER BY id LIMIT $3";
        let values: [Value; 3] = [after.into(), floor_at(before).into(), SLICE_EVENTS.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let (mut old, mut ids) = (Vec::with_capacity(rows.len()), 0);
        for row in rows {
            let (id, deliveries): (i64, i64) =
                (row.try_get("", "id")?, row.try_get("", "deliveries")?);
            old.push((id, row.try_get("", "company_id")?, id + deliveries));
            ids += 1 + deliveries;
            if ids >= SLICE_IDS {
                break;
            }
        }
        Ok(old)
    }
}

async fn needed(
    connection: &mut PoolConnection<Sqlite>,
    old: &[Old],
    before: DateTime<Utc>,
) -> Result<Vec<i64>, Error> {
    let mut needed: Vec<i64> = Vec::new();
    for run in runs(old) {
        let mut query = sqlx::query_scalar::<_, i64>(values(OLD, 3, run.len(), NEEDED));
        for (id, company, last) in run {
            query = query.bind(*id).bind(*company).bind(*last);
        }
        query = query.bind(micros(before)).bind(micros(before));
        needed.extend(query.fetch_all(&mut **connection).await?);
    }
    Ok(needed)
}

/// Gives how many rows are gone, and whether that is all of them: what belongs to an event goes before it, and
/// of each part [`PART_ROWS`] at a time.
async fn remove(
    connection: &mut PoolConnection<Sqlite>,
    mut old: Vec<Old>,
    before: DateTime<Utc>,
) -> Result<(u64, bool), Error> {
    let needed = needed(connection, &old, before).await?;
    old.retain(|(id, ..)| !needed.contains(id));
    let mut removed = 0;
    for part in PARTS {
        for run in runs(&old) {
            let mut query = sqlx::query(values(OLD, 3, run.len(), part));
            for (id, company, last) in run {
                query = query.bind(*id).bind(*company).bind(*last);
            }
            let gone = query.bind(PART_ROWS).execute(&mut **connection).await?.rows_affected();
            removed += gone;
            if gone >= PART_ROWS.unsigned_abs() {
                return Ok((removed, false));
            }
        }
    }
    for run in runs(&old) {
        let mut query = sqlx::query(list("DELETE FROM events WHERE id IN (", run.len(), ")"));
        for (id, ..) in run {
            query = query.bind(*id);
        }
        removed += query.execute(&mut **connection).await?.rows_affected();
    }
    Ok((removed, true))
}
