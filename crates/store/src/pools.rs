//! Connections: on SQLite one writer and a pool of readers, on PostgreSQL one pool.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sea_orm::sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};

use crate::Error;
use crate::kept_connection::kept_of;

/// How long a statement waits for another process's lock on the SQLite file.
const SQLITE_BUSY: Duration = Duration::from_secs(3);
/// The pages that the writer keeps in memory, in KiB with a minus; what copies its log keeps none.
const SQLITE_CACHE: &str = "-4096";
/// The same of each reader: there may be a dozen, and the system keeps the file in memory anyway.
const SQLITE_READ_CACHE: &str = "-1024";
/// How many pages of 4 KiB a transaction may change before it writes some of them early: a large batch
/// of ingest changes more than the cache holds, and would write some of them twice.
const SQLITE_SPILL_PAGES: &str = "8192";
/// After how many pages of 4 KiB the write-ahead log is copied back: four times SQLite's own number,
/// because the pages that every transaction changes are then copied a quarter as often.
pub(crate) const SQLITE_CHECKPOINT_PAGES: i64 = 4_096;
/// After how many the writer does it by itself, in a commit: where [`Store::copy_log`](crate::Store::copy_log)
/// does not come after, or nobody runs it.
const SQLITE_CHECKPOINT_PAGES_MAX: &str = "16384";
/// How many statements a connection keeps prepared: scripts of the hot path come in some dozen shapes.
const SQLITE_STATEMENTS: usize = 256;
/// How long a caller waits for a free connection before it is told that the database is unavailable.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long it is waited until one that is open already is asked for again, where no other can be opened.
const OPEN_ALREADY: Duration = Duration::from_millis(20);
/// ENFILE and EMFILE, on Linux and everywhere else.
const NO_FILE: [i32; 2] = [23, 24];
/// How long one statement may take on PostgreSQL.
const STATEMENT: &str = "30s";

/// A node that is gone without a word, or frozen, must not keep its locks, for which the ingest of all others may
/// wait: how soon PostgreSQL ends a transaction that is not gone on with (sooner than the others give up), and a
/// connection whose other end does not answer any more (seconds but for the last, which is milliseconds). Its own
/// defaults are never, and two hours.
pub(crate) const GONE: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "5s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "12000"),
];
/// How long a connection may take to show that it is sound when it comes back to the pool. One whose server is gone
/// would stay in its place for a quarter of an hour.
const SOUND_WITHIN: Duration = Duration::from_secs(2);

/// How PostgreSQL plans: the hot tables' sizes change faster than their statistics, and an index is always
/// right.
pub(crate) const PLANNER: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

#[derive(Debug)]
pub(crate) enum Pools {
    Sqlite {
        write: DatabaseConnection,
        read: DatabaseConnection,
        /// What works on the file beside the writer and writes no transaction.
        beside: DatabaseConnection,
    },
    Postgres {
        pool: DatabaseConnection,
    },
}

impl Pools {
    pub(crate) fn write(&self) -> &DatabaseConnection {
        match self {
            Self::Sqlite { write, .. } => write,
            Self::Postgres { pool } => pool,
        }
    }

    pub(crate) fn read(&self) -> &DatabaseConnection {
        match self {
            Self::Sqlite { read, .. } => read,
            Self::Postgres { pool } => pool,
        }
    }

    /// Closes every connection, and waits for it.
    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite { write, read, beside } => {
                read.get_sqlite_connection_pool().close().await;
                beside.get_sqlite_connection_pool().close().await;
                write.get_sqlite_connection_pool().close().await;
            }
            Self::Postgres { pool } => pool.get_postgres_connection_pool().close().await,
        }
    }
}

/// The file of a SQLite database; `None` elsewhere.
pub(crate) fn sqlite_path(url: &str) -> Result<Option<PathBuf>, Error> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    Ok(Some(sqlite_options(url)?.get_filename().to_path_buf()))
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, Error> {
    SqliteConnectOptions::from_str(url)
        .map_err(|error| Error::Configuration(format!("the database URL is not usable: {error}")))
}

pub(crate) async fn open(url: &str, connections_max: u32) -> Result<Pools, Error> {
    if url.starts_with("sqlite:") {
        return open_sqlite(url, connections_max).await;
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return open_postgres(url, connections_max).await;
    }
    Err(Error::Configuration("the database URL must begin with sqlite: or postgres://".into()))
}

async fn open_sqlite(url: &str, readers: u32) -> Result<Pools, Error> {
    let options = sqlite_options(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(SQLITE_BUSY)
        .foreign_keys(false)
        .pragma("cache_size", SQLITE_CACHE)
        .pragma("cache_spill", SQLITE_SPILL_PAGES)
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES_MAX)
        .statement_cache_capacity(SQLITE_STATEMENTS)
        .optimize_on_close(false, None);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        // Not for readers: setting it writes, which a read-only connection refuses.
        .connect_with(options.clone().auto_vacuum(SqliteAutoVacuum::Incremental))
        .await?;
    let beside = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone().create_if_missing(false));
    let read = SqlitePoolOptions::new()
        .max_connections(readers.max(2))
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .connect_with(
            options
                .read_only(true)
                .create_if_missing(false)
                .pragma("cache_size", SQLITE_READ_CACHE),
        )
        .await?;
    Ok(Pools::Sqlite {
        write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
        read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
        beside: SqlxSqliteConnector::from_sqlx_sqlite_pool(beside),
    })
}

async fn open_postgres(url: &str, connections_max: u32) -> Result<Pools, Error> {
    let options =
        connect_options(url)?.options(PLANNER).options([("statement_timeout", STATEMENT)]);
    let pool = PgPoolOptions::new()
        .max_connections(connections_max.max(4) - kept_of(connections_max) as u32)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async {
                match tokio::time::timeout(SOUND_WITHIN, connection.ping()).await {
                    Ok(sound) => sound.map(|()| true),
                    Err(late) => Err(sqlx::Error::Io(late.into())),
                }
            })
        })
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres { pool: SqlxPostgresConnector::from_sqlx_postgres_pool(pool) })
}

/// How every connection to PostgreSQL is made.
pub(crate) fn connect_options(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        Error::Configuration(format!("the database URL is not usable: {error}"))
    })?;
    Ok(options.application_name("hookferry").options(GONE))
}

/// A connection for what may not fail for want of a file: the pool opens another one where all of its own are
/// busy, and gives up at once where this process may not; those that are open come back within milliseconds.
pub(crate) async fn acquire_patiently(pool: &PgPool) -> Result<PoolConnection<Postgres>, Error> {
    let asked = Instant::now();
    loop {
        match pool.acquire().await {
            Err(error) if is_no_file(&error) && asked.elapsed() < ACQUIRE => {
                tokio::time::sleep(OPEN_ALREADY).await;
            }
            done => return Ok(done?),
        }
    }
}

/// Whether this process, or the whole machine, may open no more files.
fn is_no_file(error: &sea_orm::sqlx::Error) -> bool {
    let sea_orm::sqlx::Error::Io(error) = error else { return false };
    error.raw_os_error().is_some_and(|code| NO_FILE.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::io;

    use sea_orm::sqlx::{ConnectOptions, Error, query};
    use testkit::postgres::Cluster;

    use super::{connect_options, is_no_file};

    #[test]
    fn only_a_file_that_may_not_be_opened_is_waited_for() {
        let io = |code| is_no_file(&Error::Io(io::Error::from_raw_os_error(code)));
        assert!(io(24) && io(23));
        assert!(!io(111), "nobody listens there");
        assert!(!is_no_file(&Error::PoolTimedOut));
    }

    /// The one who has the lock neither goes on nor says goodbye, as a node without network.
    #[tokio::test]
    async fn a_lock_of_somebody_who_is_gone_comes_free() {
        let url = Cluster::shared().database("gone");
        let connect = || async { connect_options(&url).unwrap().connect().await.unwrap() };
        let (mut gone, mut other) = (connect().await, connect().await);
        query("CREATE TABLE t (id bigint)").execute(&mut gone).await.unwrap();
        query("INSERT INTO t VALUES (1)").execute(&mut gone).await.unwrap();
        query("BEGIN").execute(&mut gone).await.unwrap();
        query("UPDATE t SET id = 2").execute(&mut gone).await.unwrap();
        let written = query("UPDATE t SET id = 3 WHERE id = 1").execute(&mut other).await.unwrap();
        assert_eq!(written.rows_affected(), 1, "what the other had begun counts for nothing");
    }
}
