//! The walk: announces how far it may go, reads what stands there, writes slices.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::floor_at;
use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use crate::rows::page::snapshot;
use crate::rows::sql::Sql;
use crate::search::merge::Merges;
use crate::search::slice::{EventRow, aligned, term_rows};
use crate::search::walk_read::{Slice, events_of, fill, is_old};
use crate::time::micros;
use crate::{Error, Store};

/// How many events a slice has, and how many ids they and their deliveries have together.
pub(super) const SLICE_EVENTS: usize = 1_000;
const SLICE_IDS: i64 = 2_000;
/// How far the walk stays behind: longer than it takes a transaction from making an id to its first
/// write, and than the clocks of two nodes differ. One statement that waits for another node's key has
/// written nothing yet, and goes on for `pools::STATEMENT` though nobody waits for it any more.
const BEHIND: TimeDelta = TimeDelta::seconds(60);
/// How long a node keeps the walk to itself.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often it is looked for slices to merge on shelves on which this node has written none.
const MERGES_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long a shelf is left alone at most. What a burst brings meanwhile is scanned by whoever searches.
const QUIET_MAX: TimeDelta = TimeDelta::seconds(60);
/// How many shelves one step looks through for a full slice.
const SHELVES_PER_STEP: usize = 50;

/// How far one node has come; lost with it without harm.
#[derive(Debug, Clone, Default)]
pub struct SearchWalk {
    /// Ids below it were announced, and every transaction that may not know it is over.
    walkable: i64,
    /// Announced, with the transaction id before which all have to be over.
    announced: Option<(i64, i64)>,
    /// The shelf that was looked at last.
    shelf: i64,
    merges: Merges,
    /// Shelves with nothing to write, which are left alone for a while: most companies are quiet.
    quiet: HashMap<i64, Quiet>,
    /// When merges were looked for on all shelves.
    merged_at: Option<DateTime<Utc>>,
}

impl SearchWalk {
    /// Whether it rests only until transactions of others are over.
    pub const fn is_waiting(&self) -> bool {
        self.announced.is_some()
    }
}

/// What is remembered of a shelf that had no full slice.
#[derive(Debug, Clone, Copy)]
struct Quiet {
    /// How many ids its next slice had, and when.
    filled: i64,
    at: DateTime<Utc>,
    /// Until when nobody looks.
    until: DateTime<Utc>,
}

impl Quiet {
    /// It is looked at again at half the time that it takes to be full, going on as before.
    fn after(before: Option<Self>, filled: i64, now: DateTime<Utc>) -> Self {
        let grown = before.map(|before| (filled - before.filled, now - before.at));
        let wait = match grown {
            Some((_, since)) if since <= TimeDelta::zero() => TimeDelta::zero(),
            Some((more, since)) if more > 0 => {
                let left = i32::try_from((SLICE_IDS - filled) / (2 * more)).unwrap_or(i32::MAX);
                since.checked_mul(left).map_or(QUIET_MAX, |wait| wait.min(QUIET_MAX))
            }
            Some(_) => QUIET_MAX,
            None => TimeDelta::zero(),
        };
        Self { filled, at: now, until: now + wait }
    }
}

/// What stands on a shelf behind its mark.
enum Reading {
    /// A slice that is full or old.
    Slice(Slice),
    /// Less, with about so many ids.
    NotFull(i64),
}

impl Reading {
    fn full(self) -> Option<Slice> {
        match self {
            Self::Slice(slice) => Some(slice),
            Self::NotFull(_) => None,
        }
    }
}

/// What a step of the walk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchStep {
    /// So many rows were read and indexed; there may be more.
    Walked(usize),
    /// Other shelves come next.
    Next,
    /// There is nothing to do now, or another node does it.
    Rest,
}

impl Store {
    /// Goes one step: indexes late finished deliveries, or the next slice of a shelf.
    pub async fn walk_search(
        &self,
        walk: &mut SearchWalk,
        now: DateTime<Utc>,
    ) -> Result<SearchStep, Error> {
        if self.is_walked_by_another(now).await? {
            return Ok(SearchStep::Rest);
        }
        let fed = self.index_feed().await?;
        if fed > 0 {
            return Ok(SearchStep::Walked(fed));
        }
        if let Some(terms) = self.go_on_merging(&mut walk.merges).await? {
            return Ok(SearchStep::Walked(terms));
        }
        self.heed_announced(walk).await?;
        let shelves = self.shelves_after(walk.shelf).await?;
        for shelf in &shelves {
            walk.shelf = *shelf;
            if let Some(rows) = self.walk_shelf(walk, *shelf, now).await? {
                walk.merges.unsettle(*shelf);
                // It may have another one.
                walk.shelf = *shelf - 1;
                return Ok(SearchStep::Walked(rows));
            }
        }
        if shelves.len() < SHELVES_PER_STEP {
            walk.shelf = -1;
            if walk.merged_at.is_none_or(|at| at + MERGES_EVERY <= now) {
                walk.merges.unsettle_all();
                walk.merged_at = Some(now);
            }
            return self.begin_merging(walk, now).await;
        }
        Ok(SearchStep::Next)
    }

    async fn is_walked_by_another(&self, now: DateTime<Utc>) -> Result<bool, Error> {
        let sql = "SELECT claimed_by, claimed_until FROM search_state WHERE name = 'walk'";
        let row = self.reader().query_one_raw(self.statement(sql, [])).await?;
        let row = row.ok_or(Error::NotFound)?;
        let claimed_by: i64 = row.try_get("", "claimed_by")?;
        let until: i64 = row.try_get("", "claimed_until")?;
        Ok(claimed_by != self.incarnation() && until > micros(now))
    }

    /// All of SQLite is one shelf, because the keys of its events do not begin with the company.
    pub(super) async fn shelves_after(&self, shelf: i64) -> Result<Vec<i64>, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(vec![0]);
        }
        let sql = "SELECT id FROM companies WHERE id > $1 ORDER BY id LIMIT $2";
        let values: [Value; 2] = [shelf.into(), (SHELVES_PER_STEP as i64).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    /// Nothing is to be written: merges come, unless another node has the walk. Whoever merges writes, so
    /// that the walk is his for a while.
    async fn begin_merging(
        &self,
        walk: &mut SearchWalk,
        now: DateTime<Utc>,
    ) -> Result<SearchStep, Error> {
        if !walk.merges.may_have_work() {
            return Ok(SearchStep::Rest);
        }
        let sql = "UPDATE search_state SET claimed_by = $1, claimed_until = $2 WHERE name = 'walk' \
            AND (claimed_by = $1 OR claimed_until <= $3)";
        let (me, until) = (self.incarnation(), micros(now + LEASE));
        let values: [Value; 3] = [me.into(), until.into(), micros(now).into()];
        let claimed = self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        if claimed.rows_affected() == 0 {
            return Ok(SearchStep::Rest);
        }
        walk.merges.begin();
        match self.go_on_merging(&mut walk.merges).await? {
            Some(terms) => Ok(SearchStep::Walked(terms)),
            None => Ok(SearchStep::Rest),
        }
    }

    /// Writes the next slice of a shelf, where one is full. Gives how many rows it is made of.
    async fn walk_shelf(
        &self,
        walk: &mut SearchWalk,
        shelf: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, Error> {
        let is_quiet = |quiet: &Quiet| (quiet.at..quiet.until).contains(&now);
        if walk.quiet.get(&shelf).is_some_and(is_quiet) {
            return Ok(None);
        }
        let slice = match self.read_slice(shelf, walk.walkable, now).await? {
            Reading::Slice(slice) => slice,
            Reading::NotFull(_) => match self.reach_further(walk, shelf, now).await? {
                Some(slice) => slice,
                None => return Ok(None),
            },
        };
        walk.quiet.remove(&shelf);
        let rows = slice.events.len() + slice.deliveries.len();
        let range = (slice.from, slice.to);
        let terms = term_rows(range, &slice.events, &slice.deliveries);
        self.write_terms(shelf, range, &terms).await?;
        Ok(Some(rows))
    }

    /// Nothing is full as far as the walk may go: where something is further on, that is announced. Nothing
    /// is announced that nobody needs.
    async fn reach_further(
        &self,
        walk: &mut SearchWalk,
        shelf: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Slice>, Error> {
        if walk.announced.is_some() {
            return Ok(None);
        }
        let wanted = floor_at(now - BEHIND).max(walk.walkable);
        if let Reading::NotFull(filled) = self.read_slice(shelf, wanted, now).await? {
            let quiet = Quiet::after(walk.quiet.get(&shelf).copied(), filled, now);
            walk.quiet.insert(shelf, quiet);
            return Ok(None);
        }
        if wanted > walk.walkable {
            if !self.announce(walk, wanted, now).await? {
                return Ok(None);
            }
            self.heed_announced(walk).await?;
        }
        Ok(self.read_slice(shelf, walk.walkable, now).await?.full())
    }

    /// Says how far the walk will go; `false` where another node has it.
    async fn announce(
        &self,
        walk: &mut SearchWalk,
        wanted: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let sql = "UPDATE search_state SET next = CASE WHEN next > $1 THEN next ELSE $1 END, \
            claimed_by = $2, claimed_until = $3 WHERE name = 'walk' \
            AND (claimed_by = $2 OR claimed_until <= $4) RETURNING next";
        let (me, until) = (self.incarnation(), micros(now + LEASE));
        let values: [Value; 4] = [wanted.into(), me.into(), until.into(), micros(now).into()];
        let tx = self.begin().await?;
        let is_ours = tx.query_one_raw(self.statement(sql, values)).await?.is_some();
        tx.commit().await?;
        if is_ours {
            walk.announced = Some((wanted, self.first_transaction_to_come().await?));
        }
        Ok(is_ours)
    }

    /// Goes as far as was announced: on SQLite at once, on PostgreSQL when every transaction is over
    /// that may have read the number before, or made an id below it.
    async fn heed_announced(&self, walk: &mut SearchWalk) -> Result<(), Error> {
        if let Some((next, before)) = walk.announced
            && self.are_over_before(before).await?
        {
            walk.announced = None;
            walk.walkable = walk.walkable.max(next);
        }
        Ok(())
    }

    async fn first_transaction_to_come(&self) -> Result<i64, Error> {
        self.transaction_id("pg_snapshot_xmax").await
    }

    async fn are_over_before(&self, transaction: i64) -> Result<bool, Error> {
        Ok(self.transaction_id("pg_snapshot_xmin").await? >= transaction)
    }

    /// On SQLite writers come one after the other, and make their ids while they write.
    async fn transaction_id(&self, function: &str) -> Result<i64, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(0);
        }
        let mut sql = Sql::new("SELECT CAST(CAST(");
        sql.text(function).text("(pg_current_snapshot()) AS TEXT) AS BIGINT) AS id");
        let row = self.reader().query_one_raw(sql.build(self.backend())).await?;
        Ok(row.ok_or(Error::NotFound)?.try_get("", "id")?)
    }

    /// The next slice of a shelf below `below`, where it is full or old.
    async fn read_slice(
        &self,
        shelf: i64,
        below: i64,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        let tx = snapshot(self.reader()).await?;
        let from = done_of(&tx, shelf).await?;
        if from >= below {
            return Ok(Reading::NotFull(0));
        }
        let mut events = events_of(&tx, shelf, from, below).await?;
        let mut ids = 0;
        let full = events.iter().position(|event| {
            ids += 1 + event.deliveries;
            ids >= SLICE_IDS
        });
        let full = full.or_else(|| (events.len() >= SLICE_EVENTS).then_some(SLICE_EVENTS - 1));
        // One whose deliveries reach beyond is not for this time.
        let end = match full.and_then(|place| events.get(place)) {
            Some(last) if last.last() < below => last.last() + 1,
            Some(_) | None => match aligned(&events, from, below) {
                Some(end) if is_old(&tx, shelf, (from, end), now).await? => end,
                Some(_) | None => return Ok(Reading::NotFull(ids)),
            },
        };
        events.retain(|event| event.last() < end);
        let mut slice = fill(&tx, shelf, events, from, end).await?;
        // No further than what there is: were the clock set back, ids would go on from there.
        let last = slice
            .events
            .iter()
            .map(EventRow::last)
            .chain(slice.deliveries.last().map(|row| row.id));
        let Some(last) = last.max() else { return Ok(Reading::NotFull(0)) };
        slice.to = last;
        Ok(Reading::Slice(slice))
    }
}

/// The mark of a shelf.
pub(crate) async fn done_of(connection: &impl ConnectionTrait, shelf: i64) -> Result<i64, Error> {
    let mut sql = Sql::new("SELECT done FROM search_shelves WHERE shelf = ");
    sql.bind(shelf);
    let row = connection.query_one_raw(sql.build(connection.get_database_backend())).await?;
    Ok(row.map(|row| row.try_get("", "done")).transpose()?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_is_left_alone_the_longer_the_slower_it_fills() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let wait =
            |before, filled, now: DateTime<Utc>| Quiet::after(before, filled, now).until - now;
        assert_eq!(wait(None, 10, at(0)), TimeDelta::zero(), "nothing is known of it");
        let before = Some(Quiet { filled: 10, at: at(0), until: at(0) });
        assert_eq!(wait(before, 10, at(0)), TimeDelta::zero());
        assert_eq!(wait(before, 10, at(5)), QUIET_MAX, "nothing has come");
        assert_eq!(wait(before, 20, at(5)), QUIET_MAX, "990 times five seconds");
        assert_eq!(wait(before, 1_010, at(5)), TimeDelta::zero(), "it is full in five seconds");
        assert_eq!(wait(before, 210, at(5)), TimeDelta::seconds(20), "half of 45 seconds");
        assert_eq!(wait(before, 0, at(5)), QUIET_MAX, "a slice was written");
    }
}
