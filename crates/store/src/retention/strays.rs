//! PostgreSQL: what was needed when its day was dropped stands in the default partitions, and goes once it
//! is needed no more. Slices of the tables, by their keys.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Value};

use crate::retention::RetentionStep;
use crate::time::micros;
use crate::{Error, Store};

/// How many rows of a table one step looks at.
const STEP_ROWS: i64 = 500;

/// How far the walk is: the table's place, and the company and id that were looked at last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    table: usize,
    company: i64,
    id: i64,
}

/// A table that is walked through, by company and this column, and which of its rows `r` may go: those below
/// `$5`, of which nothing is needed that ended at `$6` or later.
struct Table {
    name: &'static str,
    column: &'static str,
    may_go: &'static str,
}

const TABLES: [Table; 4] = [
    // Events of which no delivery waits, and none ended lately.
    Table {
        name: "events_default",
        column: "id",
        may_go: "NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = r.company_id AND p.id > r.id \
            AND p.id <= r.id + r.deliveries) \
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.company_id = r.company_id AND d.id > r.id \
            AND d.id <= r.id + r.deliveries AND d.finished_at >= $6) \
            AND NOT EXISTS (SELECT 1 FROM later_deliveries l JOIN pending p ON p.company_id = l.company_id \
            AND p.id = l.id WHERE l.company_id = r.company_id AND l.event_id = r.id) \
            AND NOT EXISTS (SELECT 1 FROM later_deliveries l JOIN deliveries d ON d.company_id = l.company_id \
            AND d.id = l.id WHERE l.company_id = r.company_id AND l.event_id = r.id AND d.finished_at >= $6)",
    },
    // Deliveries of events that are gone.
    Table {
        name: "deliveries_default",
        column: "id",
        may_go: "r.finished_at < $6 \
            AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = r.company_id AND p.id = r.id) \
            AND NOT EXISTS (SELECT 1 FROM events e WHERE e.company_id = r.company_id AND e.id = r.event_id)",
    },
    // Attempts of deliveries that are gone.
    Table {
        name: "attempts_default",
        column: "delivery_id",
        may_go: "$6 > 0 \
            AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.company_id = r.company_id AND p.id = r.delivery_id) \
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.company_id = r.company_id AND d.id = r.delivery_id)",
    },
    // What says which deliveries were made later, of events that are gone.
    Table {
        name: "later_deliveries",
        column: "event_id",
        may_go: "$6 > 0 \
            AND NOT EXISTS (SELECT 1 FROM events e WHERE e.company_id = r.company_id AND e.id = r.event_id)",
    },
];

impl Store {
    /// Goes one step; rests at the end, and begins anew after that.
    pub(super) async fn remove_strays(
        &self,
        walk: &mut Walk,
        before: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        while let Some(table) = TABLES.get(walk.table) {
            let Some(until) = self.slice_end(table, *walk).await? else {
                *walk = Walk { table: walk.table + 1, ..Walk::default() };
                continue;
            };
            let gone = self.remove_between(table, (walk.company, walk.id), until, before).await?;
            (walk.company, walk.id) = until;
            return Ok(RetentionStep::Removed(gone));
        }
        *walk = Walk::default();
        Ok(RetentionStep::Rest)
    }

    /// The key of the last row of the next slice.
    async fn slice_end(&self, table: &Table, walk: Walk) -> Result<Option<(i64, i64)>, Error> {
        let Table { name, column, .. } = table;
        let sql = format!(
            "SELECT company_id, id FROM (SELECT company_id, {column} AS id FROM {name} \
             WHERE (company_id, {column}) > ($1, $2) ORDER BY company_id, {column} LIMIT $3) s \
             ORDER BY company_id DESC, id DESC LIMIT 1"
        );
        let values: [Value; 3] = [walk.company.into(), walk.id.into(), STEP_ROWS.into()];
        let statement = sea_orm::Statement::from_sql_and_values(self.backend(), sql, values);
        let row = self.reader().query_one_raw(statement).await?;
        row.map(|row| Ok((row.try_get("", "company_id")?, row.try_get("", "id")?))).transpose()
    }

    async fn remove_between(
        &self,
        table: &Table,
        after: (i64, i64),
        until: (i64, i64),
        before: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let removed = self.removed_below().await?;
        let Table { name, column, may_go } = table;
        // Between two rows PostgreSQL would go through all that comes after the first (version 15).
        let sql = format!(
            "DELETE FROM {name} r WHERE r.ctid = ANY(ARRAY(SELECT s.ctid FROM {name} s \
             WHERE (s.company_id, s.{column}) > ($1, $2) ORDER BY s.company_id, s.{column} \
             FETCH FIRST ($7) ROWS WITH TIES)) \
             AND (r.company_id, r.{column}) <= ($3, $4) AND r.{column} < $5 AND {may_go}"
        );
        let values: [Value; 7] = [
            after.0.into(),
            after.1.into(),
            until.0.into(),
            until.1.into(),
            removed.into(),
            micros(before).into(),
            STEP_ROWS.into(),
        ];
        let tx = self.begin().await?;
        // Whoever puts a delivery back waits, or has done it by now: see `Removal`.
        let lock = "SELECT removed FROM retention WHERE name = 'history' FOR UPDATE";
        tx.query_one_raw(self.statement(lock, [])).await?;
        let statement = sea_orm::Statement::from_sql_and_values(self.backend(), sql, values);
        let gone = tx.execute_raw(statement).await?.rows_affected();
        tx.commit().await?;
        Ok(gone)
    }
}
