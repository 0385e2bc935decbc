//! SQLite's write-ahead log is copied back into the database beside the writer. Left to itself, SQLite does it
//! in the commit that makes the log too long, and whoever waits for the writer waits for thousands of pages to be
//! written all over the file, and for the disk.
//!
//! Another connection copies while the writer goes on. What comes meanwhile is left; once that is little, the
//! writer copies it between two transactions: only a log that is copied to its last page is begun anew.
//! Source: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_wal_checkpoint.

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, Sqlite};

use crate::pools::{Pools, SQLITE_CHECKPOINT_PAGES};
use crate::{Error, Store};

/// How often the other connection copies before the writer does the rest.
const PASSES_MAX: usize = 4;
/// How many pages the writer may be asked to copy.
const REST_PAGES: i64 = 256;

/// What a look at the log brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogCopy {
    /// It was copied, and is begun anew.
    Copied,
    /// It was copied as far as could be: somebody reads what stood there before the rest, or more comes than
    /// goes.
    Part,
    /// It is short.
    Short,
    /// There is none: PostgreSQL takes care of its own.
    Never,
}

/// The log as SQLite tells of it, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    const fn left(self) -> i64 {
        self.pages - self.copied
    }
}

impl Store {
    /// Copies SQLite's log back once it is long enough to be worth it.
    pub async fn copy_log(&self) -> Result<LogCopy, Error> {
        let Pools::Sqlite { write, beside, .. } = &self.inner.pools else {
            return Ok(LogCopy::Never);
        };
        let mut beside = beside.get_sqlite_connection_pool().acquire().await?;
        let mut log = checkpoint(&mut beside, LOOK).await?;
        if log.left() < SQLITE_CHECKPOINT_PAGES {
            return Ok(LogCopy::Short);
        }
        for _ in 0..PASSES_MAX {
            checkpoint(&mut beside, COPY).await?;
            log = checkpoint(&mut beside, LOOK).await?;
            if log.left() <= REST_PAGES {
                break;
            }
        }
        if log.left() > REST_PAGES {
            return Ok(LogCopy::Part);
        }
        let mut writer = write.get_sqlite_connection_pool().acquire().await?;
        let log = checkpoint(&mut writer, COPY).await?;
        Ok(if log.left() == 0 { LogCopy::Copied } else { LogCopy::Part })
    }
}

/// Only tells of the log.
const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";
/// Copies what can be copied without waiting for anybody.
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";

async fn checkpoint(
    connection: &mut PoolConnection<Sqlite>,
    sql: &'static str,
) -> Result<Log, Error> {
    let (_busy, pages, copied): (i64, i64, i64) =
        sqlx::query_as(sql).fetch_one(&mut **connection).await?;
    Ok(Log { pages, copied })
}
