//! PostgreSQL: what was needed when its day was dropped stands in the default partitions, and goes once it
//! is needed no more.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use crate::retention::RetentionStep;
use crate::time::micros;
use crate::{Error, Store};

/// How many rows of a table one step removes.
const STEP_ROWS: i64 = 1_000;

/// Events below `$1` of which no delivery waits, and none ended at `$2` or later.
const EVENTS: &str = "DELETE FROM events_default WHERE ctid = ANY(ARRAY(\
    SELECT e.ctid FROM events_default e WHERE e.id < $1 \
    AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = e.company_id AND p.id > e.id \
    AND p.id <= e.id + e.deliveries) \
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.company_id = e.company_id AND d.id > e.id \
    AND d.id <= e.id + e.deliveries AND d.finished_at >= $2) \
    AND NOT EXISTS (SELECT 1 FROM later_deliveries l JOIN pending p ON p.company_id = l.company_id AND p.id = l.id \
    WHERE l.company_id = e.company_id AND l.event_id = e.id) \
    AND NOT EXISTS (SELECT 1 FROM later_deliveries l JOIN deliveries d ON d.company_id = l.company_id AND d.id = l.id \
    WHERE l.company_id = e.company_id AND l.event_id = e.id AND d.finished_at >= $2) LIMIT $3))";
/// Deliveries of events that are gone.
const DELIVERIES: &str = "DELETE FROM deliveries_default WHERE ctid = ANY(ARRAY(\
    SELECT d.ctid FROM deliveries_default d WHERE d.id < $1 AND d.finished_at < $2 \
    AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = d.company_id AND p.id = d.id) \
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.company_id = d.company_id AND e.id = d.event_id) LIMIT $3))";
/// Attempts of deliveries that are gone.
const ATTEMPTS: &str = "DELETE FROM attempts_default WHERE ctid = ANY(ARRAY(\
    SELECT a.ctid FROM attempts_default a WHERE a.delivery_id < $1 AND $2 > 0 \
    AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = a.company_id AND p.id = a.delivery_id) \
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.company_id = a.company_id AND d.id = a.delivery_id) LIMIT $3))";
/// What says which deliveries were made later, of events that are gone.
const LATER: &str = "DELETE FROM later_deliveries WHERE ctid = ANY(ARRAY(\
    SELECT l.ctid FROM later_deliveries l WHERE l.event_id < $1 AND $2 > 0 \
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.company_id = l.company_id AND e.id = l.event_id) LIMIT $3))";

impl Store {
    /// Removes some; rests where there are none.
    pub(super) async fn remove_strays(
        &self,
        before: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        let removed = self.removed_below().await?;
        let tx = self.begin().await?;
        // Whoever puts a delivery back waits, or has done it by now: see `Removal`.
        let lock = "SELECT removed FROM retention WHERE name = 'history' FOR UPDATE";
        tx.query_one_raw(self.statement(lock, [])).await?;
        let mut gone = 0;
        for sql in [EVENTS, DELIVERIES, ATTEMPTS, LATER] {
            gone += self.remove_some(&tx, sql, removed, before).await?;
        }
        tx.commit().await?;
        Ok(if gone == 0 { RetentionStep::Rest } else { RetentionStep::Removed(gone) })
    }

    async fn remove_some(
        &self,
        tx: &DatabaseTransaction,
        sql: &'static str,
        removed: i64,
        before: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let values: [Value; 3] = [removed.into(), micros(before).into(), STEP_ROWS.into()];
        Ok(tx.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }
}
