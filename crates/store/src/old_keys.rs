//! Keys of events are forgotten once nobody repeats a request any more, one slice of the table at a time.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, Value, sqlx};

use crate::hot::{Durability, Failed, HotConnection, HotTx, within};
use crate::time::micros;
use crate::{Error, Store};

/// How long a key is remembered at least (Meta retries for 7 days).
pub const KEYS_KEPT: TimeDelta = TimeDelta::days(8);
/// How many keys one slice looks at on SQLite: some milliseconds where it forgets all of them.
const SLICE_KEYS: i64 = 500;
/// How many pages one slice looks at on PostgreSQL, of some eighty keys each: the same.
const SLICE_PAGES: i64 = 32;

/// Forgets the keys of some pages that are old, and says how many pages there are.
pub(crate) const FORGET_POSTGRES: &str = "WITH d AS (DELETE FROM event_keys \
    WHERE ctid >= CAST('(' || $1::bigint || ',0)' AS tid) AND ctid < CAST('(' || $2::bigint || ',0)' AS tid) \
    AND created_at < $3) \
    SELECT pg_relation_size('event_keys') / current_setting('block_size')::bigint";

/// Where the walk over all keys stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyWalk {
    /// At the beginning.
    #[default]
    First,
    /// Behind this key: SQLite's table is kept in the order of its keys.
    Behind {
        /// Whose key.
        company: i64,
        /// Under which source.
        source: i64,
        /// Its hash.
        hash: i64,
    },
    /// At this page of PostgreSQL's table, whose rows stand about as they came. In the order of keys each old
    /// one would be on a page of its own, and the first change of a page after a checkpoint is written to the
    /// log as a whole.
    Page(i64),
}

impl Store {
    /// Forgets keys older than [`KEYS_KEPT`] in one slice of the table: the next one begins at the walk that
    /// is given back, `None` once the table has been walked through.
    pub async fn forget_keys(
        &self,
        walk: KeyWalk,
        now: DateTime<Utc>,
    ) -> Result<Option<KeyWalk>, Error> {
        let oldest = micros(now - KEYS_KEPT);
        if self.backend() == DatabaseBackend::Postgres {
            let page = match walk {
                KeyWalk::Page(page) => page,
                KeyWalk::First | KeyWalk::Behind { .. } => 0,
            };
            return self.forget_on_pages(page, oldest).await;
        }
        self.forget_behind(walk, oldest).await
    }

    async fn forget_on_pages(&self, page: i64, oldest: i64) -> Result<Option<KeyWalk>, Error> {
        let next = page + SLICE_PAGES;
        // What is lost in a power cut is forgotten at the next walk.
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(forget(&mut tx, (page, next), oldest)).await;
        let pages = tx.end(done).await.map_err(Failed::into_error)?;
        Ok((next < pages).then_some(KeyWalk::Page(next)))
    }

    async fn forget_behind(&self, walk: KeyWalk, oldest: i64) -> Result<Option<KeyWalk>, Error> {
        let slice = "SELECT company_id, source_id, key_hash, created_at FROM event_keys \
            WHERE (company_id, source_id, key_hash) > ($1, $2, $3) \
            ORDER BY company_id, source_id, key_hash LIMIT $4";
        let (company, source, hash) = match walk {
            KeyWalk::Behind { company, source, hash } => (company, source, hash),
            KeyWalk::First | KeyWalk::Page(_) => (0, 0, i64::MIN),
        };
        let values: [Value; 4] = [company.into(), source.into(), hash.into(), SLICE_KEYS.into()];
        let rows = self.reader().query_all_raw(self.statement(slice, values)).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let next: (i64, i64, i64) = (
            last.try_get("", "company_id")?,
            last.try_get("", "source_id")?,
            last.try_get("", "key_hash")?,
        );
        let mut old = false;
        for row in &rows {
            old |= row.try_get::<i64>("", "created_at")? < oldest;
        }
        if old {
            let sql = "DELETE FROM event_keys WHERE (company_id, source_id, key_hash) > ($1, $2, $3) \
                AND (company_id, source_id, key_hash) <= ($4, $5, $6) AND created_at < $7";
            let values: [Value; 7] = [
                company.into(),
                source.into(),
                hash.into(),
                next.0.into(),
                next.1.into(),
                next.2.into(),
                oldest.into(),
            ];
            self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        }
        Ok(Some(KeyWalk::Behind { company: next.0, source: next.1, hash: next.2 }))
    }
}

/// Gives how many pages there are.
async fn forget(tx: &mut HotTx, (page, next): (i64, i64), oldest: i64) -> Result<i64, Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(_) => Ok(0),
        HotConnection::Postgres(held) => {
            let query = sqlx::query_scalar(FORGET_POSTGRES).bind(page).bind(next).bind(oldest);
            Ok(query.fetch_one(&mut **held).await?)
        }
    }
}
