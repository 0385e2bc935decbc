//! SQLite's newest keys. The table of keys stands in the order of hashes: each new one falls on a page
//! of its own, which is written twice, 8 KiB for 60 bytes. So new keys are appended to `fresh_keys`,
//! found through memory, and moved to `event_keys` in bulk and in its order, many to a page.
//!
//! The table is the truth; memory says where in it a key stands, as long as the table ends where memory
//! says it does. Every batch looks, and reads the table anew where that is not so: after a start, after
//! a commit that nobody knows the end of. So a place is never given twice: the last row always stays.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use sea_orm::DatabaseBackend;
use sea_orm::sqlx;
use sea_orm::sqlx::SqliteConnection;

use crate::event_key::{KeyRow, Place};
use crate::hot::{Durability, HotConnection, HotTx};
use crate::key_look::LAST;
use crate::script::{IdList, ROWS_MAX, RowsInsert, Script};
use crate::time::micros;
use crate::{Error, Store};

/// How many fresh keys begin to be moved. The more, the more of them share a page.
const FRESH_KEYS_MOVED: usize = 80_000;
/// Where the move lags behind, so many are held in memory, with those that are being moved; what comes
/// then is written to `event_keys` at once.
const FRESH_KEYS_MAX: usize = 229_376;
/// So old keys are moved however few there are.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(10);
/// How many keys one transaction moves: a millisecond or two.
const MOVED_ROWS: usize = 2 * ROWS_MAX;
/// How many rows one transaction deletes that have been moved.
const DELETED_ROWS: i64 = 2_000;

/// What is known of `fresh_keys`.
#[derive(Debug, Default)]
pub(crate) struct FreshKeys {
    state: Mutex<State>,
}

/// Where keys stand in `fresh_keys`.
type Rows = HashMap<Place, i64>;

#[derive(Debug, Default)]
struct State {
    /// Where the table ends, as far as memory knows; `None` before it was read.
    last: Option<i64>,
    filling: Rows,
    /// When the first of these came.
    since: Option<DateTime<Utc>>,
    moving: Option<Moving>,
    /// The end of rows that have been moved and still stand there.
    moved: Option<i64>,
    /// How often the table was read, so that a move notices.
    version: u64,
}

/// Keys that are on their way to `event_keys`, and may be there already.
#[derive(Debug)]
struct Moving {
    keys: Arc<Rows>,
    /// Their rows, in the order of the keys, once they are sorted; the first `done` have been moved.
    rows: Option<Vec<i64>>,
    done: usize,
}

/// What the move does next.
enum Step {
    Rest,
    /// Nothing is known yet.
    Read,
    Delete(i64),
    Sort(Arc<Rows>),
    Move(Vec<i64>),
}

impl State {
    fn find(&self, key: &Place) -> Option<i64> {
        let moving = || self.moving.as_ref().and_then(|moving| moving.keys.get(key));
        self.filling.get(key).or_else(moving).copied()
    }

    /// How many keys are in memory.
    fn len(&self) -> usize {
        self.filling.len() + self.moving.as_ref().map_or(0, |moving| moving.keys.len())
    }

    fn next_step(&mut self, now: DateTime<Utc>) -> Step {
        if self.last.is_none() {
            return Step::Read;
        }
        if let Some(last) = self.moved {
            return Step::Delete(last);
        }
        let is_old = self.since.is_some_and(|since| now - since >= FRESH_FOR);
        let is_due = is_old || self.filling.len() >= FRESH_KEYS_MOVED;
        if self.moving.is_none() && is_due {
            self.since = None;
            let keys = Arc::new(std::mem::take(&mut self.filling));
            self.moving = Some(Moving { keys, rows: None, done: 0 });
        }
        let Some(moving) = &self.moving else { return Step::Rest };
        let Some(rows) = &moving.rows else { return Step::Sort(Arc::clone(&moving.keys)) };
        let slice: Vec<i64> = rows.iter().skip(moving.done).take(MOVED_ROWS).copied().collect();
        if !slice.is_empty() {
            return Step::Move(slice);
        }
        // From here on they are found where they have been moved to.
        self.moved = rows.iter().max().copied();
        self.moving = None;
        self.moved.map_or(Step::Rest, Step::Delete)
    }
}

/// What came of [`Store::move_keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMove {
    /// There may be more to move.
    Moved,
    /// There is nothing to move now.
    Rest,
    /// This database needs no move.
    Never,
}

static INSERT: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO fresh_keys (place, company_id, source_id, key_hash, key_check, body_hash, \
     event_id, deliveries, created_at)",
    9,
    "",
);
static INSERT_MOVED: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, \
     deliveries, created_at)",
    8,
    "",
);
static MOVE: IdList = IdList::new(
    "INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at) \
     SELECT company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at \
     FROM fresh_keys WHERE place IN (",
    ") ON CONFLICT (company_id, source_id, key_hash) DO NOTHING",
);
const READ_ALL: &str = "SELECT place, company_id, source_id, key_hash FROM fresh_keys";
const DELETE: &str = "DELETE FROM fresh_keys WHERE place IN (SELECT place FROM fresh_keys \
    WHERE place <= ? AND place < (SELECT max(place) FROM fresh_keys) ORDER BY place LIMIT ?)";

/// The keys that a transaction has written and that memory does not know before its commit.
#[derive(Debug, Default)]
pub(crate) struct Written {
    keys: Vec<(Place, i64)>,
}

impl Store {
    /// Reads the table of fresh keys where it does not end where memory says: at `last`. To be asked
    /// before a transaction writes any: memory learns of these once they are committed.
    pub(crate) async fn know_fresh_keys(
        &self,
        connection: &mut SqliteConnection,
        last: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let fresh = &self.inner.fresh_keys;
        if fresh.state.lock().last == Some(last) {
            return Ok(());
        }
        let rows: Vec<(i64, i64, i64, i64)> =
            sqlx::query_as(READ_ALL).fetch_all(connection).await?;
        let filling: Rows = rows
            .into_iter()
            .map(|(row, company, source, key)| ((company, source, key), row))
            .collect();
        let mut state = fresh.state.lock();
        let since = state.since.or(Some(now)).filter(|_| !filling.is_empty());
        let version = state.version + 1;
        let known = State { last: Some(last), filling, since, moving: None, moved: None, version };
        let before = std::mem::replace(&mut *state, known);
        drop(state);
        drop(before);
        Ok(())
    }

    /// Where fresh keys stand, as far as memory knows.
    pub(crate) fn places_of_fresh_keys(&self, keys: &[Place]) -> Vec<(Place, i64)> {
        let state = self.inner.fresh_keys.state.lock();
        keys.iter().filter_map(|key| Some((*key, state.find(key)?))).collect()
    }

    /// Has the table read anew: memory said what it does not.
    pub(crate) fn doubt_fresh_keys(&self) {
        self.inner.fresh_keys.state.lock().last = None;
    }

    /// Writes new keys, which nobody has had, behind the others.
    pub(crate) async fn write_fresh_keys(
        &self,
        tx: &mut HotTx,
        written: &mut Written,
        rows: &[KeyRow],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (first, room) = {
            let state = self.inner.fresh_keys.state.lock();
            let held = state.len() + written.keys.len();
            (state.last.unwrap_or(0) + 1, FRESH_KEYS_MAX.saturating_sub(held))
        };
        if room < rows.len() {
            return tx.insert_sqlite(&INSERT_MOVED, rows, |marks, row| bind(marks, row, now)).await;
        }
        let first = first + i64::try_from(written.keys.len()).unwrap_or(0);
        let placed: Vec<(i64, &KeyRow)> = (first..).zip(rows).collect();
        tx.insert_sqlite(&INSERT, &placed, |marks, (place, row)| {
            marks.bind(*place);
            bind(marks, row, now);
        })
        .await?;
        written.keys.extend(placed.iter().map(|(place, row)| (row.key.place(), *place)));
        Ok(())
    }

    /// Remembers keys whose transaction is committed.
    pub(crate) fn remember_fresh_keys(&self, written: Written, now: DateTime<Utc>) {
        let Some((_, last)) = written.keys.last() else { return };
        let mut state = self.inner.fresh_keys.state.lock();
        state.last = Some(*last);
        state.since.get_or_insert(now);
        state.filling.extend(written.keys);
    }

    /// Moves a slice of SQLite's newest keys to where all the others are, once there are many of them
    /// or they have become old. To be called again and again, by one caller at a time.
    pub async fn move_keys(&self, now: DateTime<Utc>) -> Result<KeyMove, Error> {
        if self.backend() != DatabaseBackend::Sqlite {
            return Ok(KeyMove::Never);
        }
        let (version, step) = {
            let mut state = self.inner.fresh_keys.state.lock();
            (state.version, state.next_step(now))
        };
        match step {
            Step::Rest => return Ok(KeyMove::Rest),
            Step::Read => self.read_fresh_keys(now).await?,
            Step::Sort(keys) => {
                let rows = tokio::task::spawn_blocking(move || sorted(&keys)).await;
                let rows = rows.map_err(|_| Error::no_answer())?;
                self.change_moving(version, |moving| moving.rows = Some(rows));
            }
            Step::Move(rows) => {
                let mut script = Script::default();
                for chunk in rows.chunks(ROWS_MAX) {
                    script.list(&MOVE, chunk.iter().copied(), |_| {});
                }
                self.run_alone(script).await?;
                self.change_moving(version, |moving| moving.done += rows.len());
            }
            Step::Delete(last) => {
                let mut script = Script::default();
                script.statement(DELETE).bind(last).bind(DELETED_ROWS);
                if self.run_alone(script).await? == 0 {
                    let mut state = self.inner.fresh_keys.state.lock();
                    state.moved = state.moved.filter(|_| state.version != version);
                }
            }
        }
        Ok(KeyMove::Moved)
    }

    /// Reads the table before the first batch needs it.
    async fn read_fresh_keys(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let read = match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                let last = sqlx::query_scalar(LAST).fetch_one(&mut **connection).await;
                match last {
                    Ok(last) => self.know_fresh_keys(connection, last, now).await,
                    Err(error) => Err(error.into()),
                }
            }
            HotConnection::Postgres(_) => Ok(()),
        };
        tx.end(read).await.map_err(crate::hot::Failed::into_error)
    }

    /// Notes how far the move has come, unless the table has been read anew meanwhile.
    fn change_moving(&self, version: u64, change: impl FnOnce(&mut Moving)) {
        let mut state = self.inner.fresh_keys.state.lock();
        if state.version == version
            && let Some(moving) = &mut state.moving
        {
            change(moving);
        }
    }

    /// Runs a script in a transaction of its own that need not last; gives how many rows it changed.
    async fn run_alone(&self, script: Script) -> Result<u64, Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let ran = match &mut tx.connection {
            HotConnection::Sqlite(connection) => script.run(connection).await,
            HotConnection::Postgres(_) => return Ok(0),
        };
        let changed = ran.map(|ran| ran.changed.iter().sum()).map_err(Error::from);
        tx.end(changed).await.map_err(crate::hot::Failed::into_error)
    }
}

/// The rows in the order of their keys.
fn sorted(keys: &Rows) -> Vec<i64> {
    let mut keys: Vec<(Place, i64)> = keys.iter().map(|(key, row)| (*key, *row)).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, row)| row).collect()
}

fn bind(marks: &mut Script, row: &KeyRow, now: DateTime<Utc>) {
    row.bind(marks);
    marks.bind(micros(now));
}
