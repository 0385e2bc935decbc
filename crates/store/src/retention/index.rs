//! The index of the lists: slices of which no row is left go with their terms, and so do late ones.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::id::floor_at;
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};

use crate::retention::RetentionStep;
use crate::rows::sql::Sql;
use crate::search::merge::GOES;
use crate::{Error, Store};

/// How many slices a step looks for.
const STEP_SLICES: i64 = 100;
/// How many late ones a step looks at.
const STEP_LATE: i64 = 500;

/// How far the walk over the index is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    shelf: i64,
    /// Slices that begin below it were looked at.
    first: i64,
    /// The late one that was looked at last, once all slices were.
    late: Option<Late>,
}

/// A late one: shelf, term, id.
type Late = (i64, i64, i64);

impl Store {
    /// Goes on by one step; rests at the end, and begins anew after that.
    pub(super) async fn remove_from_index(
        &self,
        walk: &mut Walk,
        before: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        let below = floor_at(before);
        if walk.late.is_none() {
            if let Some(removed) = self.remove_slices(walk, below).await? {
                return Ok(RetentionStep::Removed(removed));
            }
            walk.late = Some((i64::MIN, i64::MIN, i64::MIN));
        }
        self.remove_late(walk, below).await
    }

    /// Gives how many rows are gone; `None` at the end.
    async fn remove_slices(&self, walk: &mut Walk, below: i64) -> Result<Option<u64>, Error> {
        loop {
            if let Some(removed) = self.remove_merged(walk.shelf).await? {
                return Ok(Some(removed as u64));
            }
            let slices = self.empty_slices(*walk, below).await?;
            if let Some((_, first)) = slices.last() {
                walk.first = first + 1;
                self.let_go(walk.shelf, &slices).await?;
                return Ok(Some(0));
            }
            let sql = "SELECT shelf FROM search_shelves WHERE shelf > $1 ORDER BY shelf LIMIT 1";
            let next =
                self.reader().query_one_raw(self.statement(sql, [walk.shelf.into()])).await?;
            let Some(next) = next else { return Ok(None) };
            (walk.shelf, walk.first) = (next.try_get("", "shelf")?, 0);
        }
    }

    /// Old slices between whose ids there is nothing any more; nothing will be made there again. CROSS JOIN:
    /// on SQLite all companies are on one shelf, and history is by company.
    async fn empty_slices(&self, walk: Walk, below: i64) -> Result<Vec<(i64, i64)>, Error> {
        let of_company = self.backend() == DatabaseBackend::Postgres;
        let empty = |table: &str| {
            let company = if of_company { "r.company_id = s.shelf AND " } else { "" };
            format!(
                " AND NOT EXISTS (SELECT 1 FROM {table} r WHERE {company}r.id >= s.first_id AND r.id <= s.last_id)"
            )
        };
        let of_history = if of_company {
            empty("deliveries")
        } else {
            " AND NOT EXISTS (SELECT 1 FROM companies c CROSS JOIN deliveries r ON r.company_id = c.id \
             AND r.id >= s.first_id AND r.id <= s.last_id)"
                .to_owned()
        };
        let sql = format!(
            "SELECT s.slice, s.first_id FROM search_slices s WHERE s.shelf = $1 AND s.first_id >= $2 \
             AND s.level >= 0 AND s.last_id < $3{}{}{of_history} ORDER BY s.first_id LIMIT $4",
            empty("events"),
            empty("pending")
        );
        let values: [Value; 4] =
            [walk.shelf.into(), walk.first.into(), below.into(), STEP_SLICES.into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let rows = self.reader().query_all_raw(statement).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "slice")?, row.try_get("", "first_id")?)))
            .collect()
    }

    /// Slices, by number and first id, are not looked into any more, and go in steps.
    async fn let_go(&self, shelf: i64, slices: &[(i64, i64)]) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE search_slices SET level = ");
        sql.bind(GOES).text(" WHERE level >= 0 AND shelf = ").bind(shelf).text(" AND slice IN (");
        sql.list(slices.iter().map(|(slice, _)| *slice)).text(")");
        self.inner.pools.write().execute_raw(sql.build(self.backend())).await?;
        Ok(())
    }

    /// Looks at the next late ones, and removes those whose delivery is gone.
    async fn remove_late(&self, walk: &mut Walk, below: i64) -> Result<RetentionStep, Error> {
        let Some((shelf, term, id)) = walk.late else { return Ok(RetentionStep::Rest) };
        let sql = "SELECT shelf, term, id FROM search_late WHERE (shelf, term, id) > ($1, $2, $3) \
            ORDER BY shelf, term, id LIMIT $4";
        let values: [Value; 4] = [shelf.into(), term.into(), id.into(), STEP_LATE.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let Some(last) = rows.last() else {
            *walk = Walk::default();
            return Ok(RetentionStep::Rest);
        };
        walk.late = Some(late(last)?);
        let mut old = rows.iter().map(late).collect::<Result<Vec<Late>, Error>>()?;
        old.retain(|(.., id)| *id < below);
        let there = self.deliveries_there(&old).await?;
        old.retain(|row| !there.contains(&row.2));
        if old.is_empty() {
            return Ok(RetentionStep::Removed(0));
        }
        let tx = self.begin().await?;
        for (shelf, term, id) in &old {
            let sql = "DELETE FROM search_late WHERE shelf = $1 AND term = $2 AND id = $3";
            let values: [Value; 3] = [(*shelf).into(), (*term).into(), (*id).into()];
            tx.execute_raw(self.statement(sql, values)).await?;
        }
        tx.commit().await?;
        Ok(RetentionStep::Removed(old.len() as u64))
    }

    /// Which of these deliveries history still has.
    async fn deliveries_there(&self, rows: &[Late]) -> Result<HashSet<i64>, Error> {
        let mut there = HashSet::new();
        for same in rows.chunk_by(|a, b| a.0 == b.0) {
            let mut sql = Sql::new("SELECT d.id FROM ");
            if self.backend() == DatabaseBackend::Postgres {
                sql.text("deliveries d WHERE d.company_id = ").bind(same[0].0);
            } else {
                sql.text("companies c CROSS JOIN deliveries d ON d.company_id = c.id WHERE TRUE");
            }
            sql.text(" AND d.id IN (").list(same.iter().map(|row| row.2)).text(")");
            for row in self.reader().query_all_raw(sql.build(self.backend())).await? {
                there.insert(row.try_get("", "id")?);
            }
        }
        Ok(there)
    }
}

fn late(row: &QueryResult) -> Result<Late, Error> {
    Ok((row.try_get("", "shelf")?, row.try_get("", "term")?, row.try_get("", "id")?))
}
