//! Slices are merged, sixteen of a level into one of the next, so that a list of a company with much behind it
//! looks into few of them: each is a probe of the index. A merged slice is copied term by term where nobody
//! looks into it yet, takes the place of its parts in one step, and then these go, term by term. Each step
//! takes milliseconds. A copy that was broken off is made again from its beginning, over what is there.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, QueryResult, Value, sqlx};

use crate::hot::{Durability, Failed, HotConnection, HotTx, run, within};
use crate::rows::sql::Sql;
use crate::search::feed::insert_terms;
use crate::search::slice::TermRow;
use crate::{Error, Store};

/// How many slices become one, and up to which level: 256 of the smallest, a quarter of a million events. One
/// event that waits keeps the terms of its whole slice, however old they are.
const PARTS: usize = 16;
const LEVEL_MAX: i64 = 2;
/// How many terms one step copies or removes.
const STEP_TERMS: usize = 1_000;
/// How many steps are done before new slices are looked for again.
const STEPS_TOGETHER: u32 = 50;
/// The level of a slice that is about to go.
pub(crate) const GOES: i64 = -1;

/// The level of a slice that is being made of those of this one.
const fn made_of(level: i64) -> i64 {
    -2 - level
}

/// How far one node has come with merging; lost with it without harm.
#[derive(Debug, Clone, Default)]
pub(super) struct Merges {
    /// How much of the slice that is being made of a shelf is there.
    copied: HashMap<i64, Copied>,
    /// Which shelves come next, those above it, and how many steps come before new slices are looked for again.
    shelf: i64,
    steps_left: u32,
    /// Shelves on which nothing is to be done until another slice is written.
    settled: HashSet<i64>,
    /// Whether all shelves are settled.
    rests: bool,
}

/// Up to where the parts of a slice have been copied: the part's first id, and its last term.
#[derive(Debug, Clone, Copy)]
struct Copied {
    slice: i64,
    part: i64,
    term: i64,
    last: i64,
}

impl Merges {
    pub(super) fn unsettle(&mut self, shelf: i64) {
        self.settled.remove(&shelf);
        self.rests = false;
    }

    /// All shelves are to be looked at again: another node may have written slices.
    pub(super) fn unsettle_all(&mut self) {
        self.settled.clear();
        self.rests = false;
    }

    /// Whether some shelf may have something to merge.
    pub(super) const fn may_have_work(&self) -> bool {
        !self.rests
    }

    /// There is no full slice to be written: some steps may follow.
    pub(super) fn begin(&mut self) {
        self.steps_left = STEPS_TOGETHER;
    }
}

/// A slice as it stands in the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    slice: i64,
    level: i64,
    first: i64,
    last: i64,
}

impl Row {
    fn read(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self {
            slice: row.try_get("", "slice")?,
            level: row.try_get("", "level")?,
            first: row.try_get("", "first_id")?,
            last: row.try_get("", "last_id")?,
        })
    }
}

impl Store {
    /// Goes one step on the next shelf that has something to merge, where it is the turn of merges. Gives how
    /// many terms it has moved; `None` where it is not, or there is nothing to do.
    pub(super) async fn go_on_merging(&self, merges: &mut Merges) -> Result<Option<usize>, Error> {
        if merges.steps_left == 0 {
            return Ok(None);
        }
        // Only who began before the first shelf has seen all of them.
        let (mut after, is_whole_round) = (merges.shelf, merges.shelf < 0);
        loop {
            let shelves = self.shelves_after(after).await?;
            let Some(last) = shelves.last().copied() else { break };
            for shelf in shelves {
                if let Some(terms) = self.merge_slices(merges, shelf).await? {
                    merges.shelf = shelf - 1;
                    merges.steps_left -= 1;
                    return Ok(Some(terms));
                }
            }
            if last == 0 {
                break;
            }
            after = last;
        }
        (merges.shelf, merges.steps_left) = (-1, 0);
        merges.rests = is_whole_round;
        Ok(None)
    }

    /// Goes one step in merging the slices of a shelf. Gives how many terms it has moved; `None` where there
    /// is nothing to do.
    async fn merge_slices(&self, merges: &mut Merges, shelf: i64) -> Result<Option<usize>, Error> {
        if merges.settled.contains(&shelf) {
            return Ok(None);
        }
        if let Some(removed) = self.remove_merged(shelf).await? {
            return Ok(Some(removed));
        }
        // Whatever is being made stands lowest.
        let making = self.slices_of(shelf, "level < -1 ORDER BY level", 1).await?;
        if let Some(making) = making.first() {
            return self.copy_part(merges, shelf, *making).await.map(Some);
        }
        if self.begin_merge(shelf).await? {
            return Ok(Some(0));
        }
        merges.copied.remove(&shelf);
        merges.settled.insert(shelf);
        Ok(None)
    }

    /// Removes some terms of a slice that is about to go, and the slice with its last.
    pub(crate) async fn remove_merged(&self, shelf: i64) -> Result<Option<usize>, Error> {
        let Some(gone) = self.slices_of(shelf, "level = -1", 1).await?.first().copied() else {
            return Ok(None);
        };
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(remove_terms(&mut tx, shelf, gone.slice)).await;
        Ok(Some(tx.end(done).await.map_err(Failed::into_error)?))
    }

    async fn slices_of(&self, shelf: i64, which: &str, count: usize) -> Result<Vec<Row>, Error> {
        let mut sql =
            Sql::new("SELECT slice, level, first_id, last_id FROM search_slices WHERE shelf = ");
        sql.bind(shelf).text(" AND ").text(which).text(" LIMIT ").bind(count as i64);
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        rows.iter().map(Row::read).collect()
    }

    /// Makes a row for what the oldest slices of a level will be together.
    async fn begin_merge(&self, shelf: i64) -> Result<bool, Error> {
        for level in 0..LEVEL_MAX {
            let which = format!("level = {level} ORDER BY first_id");
            let parts = self.slices_of(shelf, &which, PARTS).await?;
            let (true, Some(first), Some(last)) =
                (parts.len() == PARTS, parts.first(), parts.last())
            else {
                continue;
            };
            let tx = self.begin().await?;
            let number =
                "UPDATE search_shelves SET slices = slices + 1 WHERE shelf = $1 RETURNING slices";
            let row = tx.query_one_raw(self.statement(number, [shelf.into()])).await?;
            let slice: i64 = row.ok_or(Error::NotFound)?.try_get("", "slices")?;
            let sql = "INSERT INTO search_slices (shelf, slice, first_id, last_id, level) VALUES ($1, $2, $3, $4, $5)";
            let values: [Value; 5] = [
                shelf.into(),
                slice.into(),
                first.first.into(),
                last.last.into(),
                made_of(level).into(),
            ];
            tx.execute_raw(self.statement(sql, values)).await?;
            tx.commit().await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Copies the next terms; with the last of them the slice takes the place of its parts.
    async fn copy_part(
        &self,
        merges: &mut Merges,
        shelf: i64,
        making: Row,
    ) -> Result<usize, Error> {
        let level = -2 - making.level;
        let which = format!(
            "level = {level} AND first_id >= {} AND first_id <= {} ORDER BY first_id",
            making.first, making.last
        );
        let parts = self.slices_of(shelf, &which, PARTS + 1).await?;
        let begun = merges.copied.get(&shelf).filter(|copied| copied.slice == making.slice);
        let begin = Copied { slice: making.slice, part: i64::MIN, term: i64::MIN, last: i64::MIN };
        let mut copied = begun.copied().unwrap_or(begin);
        let Some(part) = parts.iter().find(|part| part.first >= copied.part) else {
            self.replace_parts(shelf, making, level).await?;
            merges.copied.remove(&shelf);
            return Ok(0);
        };
        if part.first != copied.part {
            copied = Copied { part: part.first, term: i64::MIN, last: i64::MIN, ..copied };
        }
        let rows = self.terms_after(shelf, part.slice, (copied.term, copied.last)).await?;
        match rows.last() {
            Some(row) if rows.len() == STEP_TERMS => {
                (copied.term, copied.last) = (row.term, row.last)
            }
            Some(_) | None => copied.part = part.first + 1,
        }
        // What is lost of it, with the database but not with this node, would be missing for good.
        let mut tx = self.begin_hot(Durability::Acknowledged).await?;
        let done = within(copy_terms(&mut tx, shelf, making, &rows)).await;
        if tx.end(done).await.map_err(Failed::into_error)? {
            merges.copied.insert(shelf, copied);
        }
        Ok(rows.len())
    }

    async fn terms_after(
        &self,
        shelf: i64,
        slice: i64,
        (term, last): (i64, i64),
    ) -> Result<Vec<TermRow>, Error> {
        let sql = "SELECT term, last_id, span FROM search_terms WHERE shelf = $1 AND slice = $2 \
            AND (term, last_id) > ($3, $4) ORDER BY term, last_id LIMIT $5";
        let values: [Value; 5] =
            [shelf.into(), slice.into(), term.into(), last.into(), (STEP_TERMS as i64).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let read = |row: &QueryResult| {
            let (last, span): (i64, i64) = (row.try_get("", "last_id")?, row.try_get("", "span")?);
            Ok(TermRow { term: row.try_get("", "term")?, first: last - span, last })
        };
        rows.iter().map(read).collect()
    }

    /// In one step the slice is looked into and its parts are no more. Where some of these have gone, or
    /// another node was faster, what was made goes instead.
    async fn replace_parts(&self, shelf: i64, making: Row, level: i64) -> Result<(), Error> {
        let tx = self.begin().await?;
        let parts = "UPDATE search_slices SET level = $1 WHERE shelf = $2 AND level = $3 \
            AND first_id >= $4 AND first_id <= $5";
        let values: [Value; 5] =
            [GOES.into(), shelf.into(), level.into(), making.first.into(), making.last.into()];
        let replaced = tx.execute_raw(self.statement(parts, values)).await?.rows_affected();
        let whole =
            "UPDATE search_slices SET level = $1 WHERE shelf = $2 AND slice = $3 AND level = $4";
        let is_whole = replaced == PARTS as u64;
        let becomes = if is_whole { level + 1 } else { GOES };
        let values: [Value; 4] =
            [becomes.into(), shelf.into(), making.slice.into(), making.level.into()];
        if is_whole {
            let made = tx.execute_raw(self.statement(whole, values)).await?.rows_affected();
            if made == 1 {
                tx.commit().await?;
            }
            return Ok(());
        }
        tx.rollback().await?;
        self.inner.pools.write().execute_raw(self.statement(whole, values)).await?;
        Ok(())
    }
}

/// The level of a slice, which nobody changes until the transaction ends; on SQLite there is no other one.
async fn lock_level(tx: &mut HotTx, shelf: i64, slice: i64) -> Result<Option<i64>, Error> {
    let sql = "SELECT level FROM search_slices WHERE shelf = $1 AND slice = $2";
    Ok(match &mut tx.connection {
        HotConnection::Sqlite(held) => {
            sqlx::query_scalar(sql).bind(shelf).bind(slice).fetch_optional(&mut **held).await?
        }
        HotConnection::Postgres(held) => {
            let sql = "SELECT level FROM search_slices WHERE shelf = $1 AND slice = $2 FOR UPDATE";
            sqlx::query_scalar(sql).bind(shelf).bind(slice).fetch_optional(&mut **held).await?
        }
    })
}

/// Says whether the slice is still being made.
async fn copy_terms(
    tx: &mut HotTx,
    shelf: i64,
    making: Row,
    rows: &[TermRow],
) -> Result<bool, Error> {
    if lock_level(tx, shelf, making.slice).await? != Some(making.level) {
        return Ok(false);
    }
    insert_terms(tx, shelf, making.slice, rows).await?;
    Ok(true)
}

async fn remove_terms(tx: &mut HotTx, shelf: i64, slice: i64) -> Result<usize, Error> {
    // Two at once would each find fewer than there are, and take the slice away from the rest.
    if lock_level(tx, shelf, slice).await? != Some(GOES) {
        return Ok(0);
    }
    let terms = match &tx.connection {
        HotConnection::Sqlite(_) => {
            "DELETE FROM search_terms WHERE shelf = $1 AND slice = $2 AND (term, last_id) IN \
             (SELECT term, last_id FROM search_terms WHERE shelf = $1 AND slice = $2 LIMIT $3)"
        }
        HotConnection::Postgres(_) => {
            "DELETE FROM search_terms WHERE ctid = ANY(ARRAY(SELECT ctid FROM search_terms \
             WHERE shelf = $1 AND slice = $2 LIMIT $3))"
        }
    };
    let removed = run!(tx, terms, shelf, slice, STEP_TERMS as i64);
    if removed < STEP_TERMS as u64 {
        let gone = "DELETE FROM search_slices WHERE shelf = $1 AND slice = $2 AND level = -1";
        run!(tx, gone, shelf, slice);
    }
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}
