//! Transactions of the hot path: on the driver itself, because arrays with nulls and prepared
//! statements of fixed shape are what makes a batch cheap.

use std::time::{Duration, Instant};

use sea_orm::sqlx;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{AssertSqlSafe, Executor, FromRow, Sqlite};

use crate::kept_connection::KeptConnection;
use crate::pools::Pools;
use crate::script::{Broken, ROWS_MAX, RowsInsert, Script};
use crate::{Error, Store};

/// Whether losing the transaction in a power cut matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Somebody was told that it is written down: fsync before commit returns.
    Acknowledged,
    /// Outcomes and claims: losing them costs one repeated request.
    Repeatable,
}

/// An open transaction. Dropped without [`HotTx::commit`], its connection is closed, which rolls it
/// back.
pub(crate) struct HotTx {
    pub(crate) connection: HotConnection,
    /// Statements for SQLite that go with the commit.
    deferred: Script,
    lax: bool,
    done: bool,
}

pub(crate) enum HotConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(KeptConnection),
}

/// How long a transaction of the hot path may take up to its commit, and the commit itself. A
/// database that hangs must not hang its callers.
const HOT_WITHIN: Duration = Duration::from_secs(8);

/// Waits for a part of a transaction, but not for ever.
pub(crate) async fn within<T>(part: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(HOT_WITHIN, part).await {
        Ok(result) => result,
        Err(_) => Err(Error::no_answer()),
    }
}

/// Makes a connection to SQLite one whose commits last again.
const SET_BACK: &str = "PRAGMA synchronous = FULL";

/// Runs a statement on whichever database it is, and gives how many rows it touched.
macro_rules! run {
    ($tx:expr, $sql:expr, $($value:expr),+ $(,)?) => {
        match &mut $tx.connection {
            $crate::hot::HotConnection::Sqlite(held) => {
                let query = sea_orm::sqlx::query($sql)$(.bind($value))+;
                query.execute(&mut **held).await?.rows_affected()
            }
            $crate::hot::HotConnection::Postgres(held) => {
                let query = sea_orm::sqlx::query($sql)$(.bind($value))+;
                query.execute(&mut **held).await?.rows_affected()
            }
        }
    };
}
pub(crate) use run;

/// How a commit failed.
enum Uncommitted {
    RolledBack(Error),
    Unknown(Error),
}

/// How a transaction failed.
pub(crate) enum Failed<T> {
    /// Nothing has changed.
    Unchanged(Error),
    /// The commit failed: all of it has changed, or nothing; nobody can tell.
    Doubtful(T, Error),
}

impl<T> Failed<T> {
    /// Why, for whom it is all the same whether something has changed.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unchanged(error) | Self::Doubtful(_, error) => error,
        }
    }
}

impl Store {
    pub(crate) async fn begin_hot(&self, durability: Durability) -> Result<HotTx, Error> {
        within(self.begin_hot_at_last(durability)).await
    }

    /// The same, and the first thing that the transaction reads: without marks, because on SQLite it
    /// goes with the `BEGIN`, which is prepared anew each time.
    pub(crate) async fn begin_hot_reading<R>(
        &self,
        durability: Durability,
        sql: &str,
    ) -> Result<(HotTx, Vec<R>), Error>
    where
        R: for<'row> FromRow<'row, SqliteRow> + for<'row> FromRow<'row, PgRow>,
    {
        within(async {
            let mut tx = self.hot_connection(durability).await?;
            let sql = AssertSqlSafe(format!("{};{sql}", tx.opening()));
            let rows = match &mut tx.connection {
                HotConnection::Sqlite(connection) => {
                    let rows = (&mut **connection).fetch_all(sqlx::raw_sql(sql)).await?;
                    rows.iter().map(R::from_row).collect::<Result<_, _>>()?
                }
                HotConnection::Postgres(connection) => {
                    let rows = (&mut **connection).fetch_all(sqlx::raw_sql(sql)).await?;
                    rows.iter().map(R::from_row).collect::<Result<_, _>>()?
                }
            };
            Ok((tx, rows))
        })
        .await
    }

    /// The same on SQLite, with a script behind the `BEGIN`; gives what it read.
    pub(crate) async fn begin_hot_with(
        &self,
        durability: Durability,
        script: impl FnOnce(&mut Script),
    ) -> Result<(HotTx, Vec<SqliteRow>), Error> {
        within(async {
            let mut tx = self.hot_connection(durability).await?;
            let mut first = Script::default();
            first.statement(tx.opening());
            script(&mut first);
            let rows = match &mut tx.connection {
                HotConnection::Sqlite(connection) => first.run(connection).await?.rows,
                HotConnection::Postgres(_) => return Err(Error::no_answer()),
            };
            Ok((tx, rows))
        })
        .await
    }

    async fn begin_hot_at_last(&self, durability: Durability) -> Result<HotTx, Error> {
        let mut tx = self.hot_connection(durability).await?;
        tx.run(tx.opening()).await?;
        Ok(tx)
    }

    /// A connection on which nothing has begun.
    async fn hot_connection(&self, durability: Durability) -> Result<HotTx, Error> {
        let asked = Instant::now();
        let connection = match &self.inner.pools {
            Pools::Sqlite { write, .. } => {
                let connection = write.get_sqlite_connection_pool().acquire().await?;
                self.inner.metrics.connection_wait.observe(asked.elapsed());
                HotConnection::Sqlite(connection)
            }
            Pools::Postgres { pool } => {
                let pool = pool.get_postgres_connection_pool();
                let connection = self.inner.keeper.take(pool).await?;
                self.inner.metrics.connection_wait.observe(asked.elapsed());
                HotConnection::Postgres(connection)
            }
        };
        let lax = durability == Durability::Repeatable;
        Ok(HotTx { connection, deferred: Script::default(), lax, done: false })
    }
}

impl HotTx {
    const fn opening(&self) -> &'static str {
        match (&self.connection, self.lax) {
            (HotConnection::Sqlite(_), true) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            (HotConnection::Sqlite(_), false) => "BEGIN IMMEDIATE",
            (HotConnection::Postgres(_), true) => "BEGIN; SET LOCAL synchronous_commit = off",
            (HotConnection::Postgres(_), false) => "BEGIN",
        }
    }

    /// Writes rows on SQLite: the last ones go with the commit, so that whoever reads them in this
    /// transaction has to [`Self::flush`] first.
    pub(crate) async fn insert_sqlite<T>(
        &mut self,
        insert: &RowsInsert,
        rows: &[T],
        bind: impl Fn(&mut Script, &T),
    ) -> Result<(), Error> {
        let HotConnection::Sqlite(connection) = &mut self.connection else { return Ok(()) };
        let mut chunks = rows.chunks(ROWS_MAX).peekable();
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_none() {
                self.deferred.insert(insert, chunk, &bind);
                return Ok(());
            }
            let mut script = Script::default();
            script.insert(insert, chunk, &bind);
            script.run(connection).await?;
        }
        Ok(())
    }

    /// Runs what was put off until the commit.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        if let HotConnection::Sqlite(connection) = &mut self.connection {
            std::mem::take(&mut self.deferred).run(connection).await?;
        }
        Ok(())
    }

    /// Commits what was done, or rolls back what was not.
    pub(crate) async fn end<T>(self, done: Result<T, Error>) -> Result<T, Failed<T>> {
        self.end_timed(done).await.map(|(value, _)| value)
    }

    /// The same, with how long the commit took.
    pub(crate) async fn end_timed<T>(
        self,
        done: Result<T, Error>,
    ) -> Result<(T, Duration), Failed<T>> {
        match done {
            Ok(value) => {
                let begun = Instant::now();
                match tokio::time::timeout(HOT_WITHIN, self.commit()).await {
                    Ok(Ok(())) => Ok((value, begun.elapsed())),
                    Ok(Err(Uncommitted::RolledBack(error))) => Err(Failed::Unchanged(error)),
                    Ok(Err(Uncommitted::Unknown(error))) => Err(Failed::Doubtful(value, error)),
                    Err(_) => Err(Failed::Doubtful(value, Error::no_answer())),
                }
            }
            Err(error) => {
                // Where this fails too, the connection is closed, and that rolls back.
                let _ = within(self.roll_back()).await;
                Err(Failed::Unchanged(error))
            }
        }
    }

    async fn commit(mut self) -> Result<(), Uncommitted> {
        let mut script = std::mem::take(&mut self.deferred);
        let before_commit = script.len();
        script.statement("COMMIT");
        if self.lax {
            script.statement(SET_BACK);
        }
        let committed = match &mut self.connection {
            HotConnection::Sqlite(connection) => script.run(connection).await.map(|_| ()),
            HotConnection::Postgres(_) => {
                let done = self.run("COMMIT").await;
                done.map_err(|error| Broken { done: before_commit, error })
            }
        };
        match committed {
            Ok(()) => {}
            Err(Broken { done, error }) if done < before_commit => {
                // Where this fails too, the connection is closed, and that rolls back.
                let _ = self.roll_back().await;
                return Err(Uncommitted::RolledBack(error));
            }
            Err(Broken { done, error }) if done == before_commit => {
                return Err(Uncommitted::Unknown(error));
            }
            // It is committed, but the connection cannot be set back: it is closed.
            Err(Broken { .. }) => return Ok(()),
        }
        self.done = true;
        Ok(())
    }

    /// Rolls back and keeps the connection, where nothing is wrong with it.
    pub(crate) async fn roll_back(mut self) -> Result<(), Error> {
        self.run("ROLLBACK").await?;
        self.set_back().await?;
        self.done = true;
        Ok(())
    }

    /// The next one on this connection may be one that was promised to last.
    async fn set_back(&mut self) -> Result<(), Error> {
        if self.lax && matches!(self.connection, HotConnection::Sqlite(_)) {
            self.run(SET_BACK).await?;
        }
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Error> {
        match &mut self.connection {
            HotConnection::Sqlite(connection) => {
                (&mut **connection).execute(sqlx::raw_sql(sql)).await?;
            }
            HotConnection::Postgres(connection) => {
                (&mut **connection).execute(sqlx::raw_sql(sql)).await?;
            }
        }
        Ok(())
    }
}

impl Drop for HotTx {
    fn drop(&mut self) {
        match &mut self.connection {
            HotConnection::Sqlite(connection) if !self.done => connection.close_on_drop(),
            HotConnection::Postgres(connection) if self.done => connection.mark_sound(),
            HotConnection::Sqlite(_) | HotConnection::Postgres(_) => {}
        }
    }
}

/// Sizes of SQLite's multi-row statements: few shapes, so that each stays prepared.
const ROW_COUNTS: [usize; 4] = [64, 16, 4, 1];

/// Cuts `rows` into runs of 64, 16, 4 and 1.
pub(crate) fn runs<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROW_COUNTS.into_iter().find(|size| *size <= rows.len())?;
        let (run, rest) = rows.split_at(size);
        rows = rest;
        Some(run)
    })
}

/// `head (?,?),(?,?)… tail` with `rows` rows of `columns` marks.
pub(crate) fn values(
    head: &str,
    columns: usize,
    rows: usize,
    tail: &str,
) -> sqlx::AssertSqlSafe<String> {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows * (2 * columns + 3));
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            sql.push_str(if column == 0 { "?" } else { ",?" });
        }
        sql.push(')');
    }
    sql.push_str(tail);
    sqlx::AssertSqlSafe(sql)
}

/// `head ?,?,… tail` with `count` marks.
pub(crate) fn list(head: &str, count: usize, tail: &str) -> sqlx::AssertSqlSafe<String> {
    let mut sql = String::with_capacity(head.len() + tail.len() + 2 * count);
    sql.push_str(head);
    for mark in 0..count {
        sql.push_str(if mark == 0 { "?" } else { ",?" });
    }
    sql.push_str(tail);
    sqlx::AssertSqlSafe(sql)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{Config, MasterKey};

    async fn open(folder: &std::path::Path) -> Store {
        let config = Config {
            database_url: format!("sqlite:{}", folder.join("hookferry.db").display()),
            master_key: MasterKey::from_bytes([5; 32]),
            policy: domain::settle::Policy {
                streak: domain::endpoint::StreakLimits {
                    warn_after: 50,
                    defective_after: 100,
                    defective_min_duration: TimeDelta::zero(),
                },
                give_up_after: TimeDelta::days(7),
            },
            standard_schedule: domain::schedule::RetrySchedule::even(1, TimeDelta::minutes(1))
                .unwrap(),
            limits: domain::limits::Limits::default(),
            connections_max: 2,
        };
        Store::migrate(&config).await.unwrap();
        Store::open(config).await.unwrap()
    }

    /// 2 is FULL, 1 is NORMAL.
    async fn synchronous(tx: &mut HotTx) -> i64 {
        let HotConnection::Sqlite(connection) = &mut tx.connection else { unreachable!() };
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **connection).await.unwrap()
    }

    /// Each turn twice: statements that have run once are prepared.
    #[tokio::test]
    async fn what_was_promised_to_last_is_synced_after_any_end_of_a_lax_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        for _ in 0..2 {
            for done in [Ok(()), Err(Error::NotFound)] {
                let mut lax = store.begin_hot(Durability::Repeatable).await.unwrap();
                assert_eq!(synchronous(&mut lax).await, 1);
                let is_committed = done.is_ok();
                assert_eq!(lax.end(done).await.is_ok(), is_committed);
                let mut next = store.begin_hot(Durability::Acknowledged).await.unwrap();
                assert_eq!(synchronous(&mut next).await, 2);
                next.end(Ok(())).await.ok().unwrap();
                let (mut read, _) =
                    store.begin_hot_with(Durability::Acknowledged, |_| {}).await.unwrap();
                assert_eq!(synchronous(&mut read).await, 2);
                read.roll_back().await.unwrap();
            }
        }
    }

    #[test]
    fn runs_cover_everything_once() {
        let rows: Vec<u32> = (0..341).collect();
        let cut: Vec<&[u32]> = runs(&rows).collect();
        assert_eq!(cut.concat(), rows);
        assert!(cut.iter().all(|run| ROW_COUNTS.contains(&run.len())));
    }

    #[test]
    fn marks_are_counted() {
        assert_eq!(values("V ", 2, 2, ";").0, "V (?,?),(?,?);");
        assert_eq!(list("I (", 3, ")").0, "I (?,?,?)");
    }
}
