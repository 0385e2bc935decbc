//! Transactions of the hot path: on the driver itself, because arrays with nulls and prepared
//! statements of fixed shape are what makes a batch cheap.

use std::time::{Duration, Instant};

use sea_orm::sqlx;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Executor, Postgres, Sqlite};

use crate::pools::Pools;
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
    lax_sqlite: bool,
    done: bool,
}

pub(crate) enum HotConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
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

/// How a transaction failed.
pub(crate) enum Failed<T> {
    /// Nothing has changed.
    Unchanged(Error),
    /// The commit failed: all of it has changed, or nothing; nobody can tell.
    Doubtful(T, Error),
}

impl Store {
    pub(crate) async fn begin_hot(&self, durability: Durability) -> Result<HotTx, Error> {
        within(self.begin_hot_at_last(durability)).await
    }

    async fn begin_hot_at_last(&self, durability: Durability) -> Result<HotTx, Error> {
        let lax = durability == Durability::Repeatable;
        let asked = Instant::now();
        match &self.inner.pools {
            Pools::Sqlite { write, .. } => {
                let connection = write.get_sqlite_connection_pool().acquire().await?;
                self.inner.metrics.connection_wait.observe(asked.elapsed());
                let mut tx = HotTx {
                    connection: HotConnection::Sqlite(connection),
                    lax_sqlite: lax,
                    done: false,
                };
                if lax {
                    tx.run("PRAGMA synchronous = NORMAL").await?;
                }
                tx.run("BEGIN IMMEDIATE").await?;
                Ok(tx)
            }
            Pools::Postgres { pool } => {
                let connection = pool.get_postgres_connection_pool().acquire().await?;
                self.inner.metrics.connection_wait.observe(asked.elapsed());
                let mut tx = HotTx {
                    connection: HotConnection::Postgres(connection),
                    lax_sqlite: false,
                    done: false,
                };
                tx.run(if lax { "BEGIN; SET LOCAL synchronous_commit = off" } else { "BEGIN" })
                    .await?;
                Ok(tx)
            }
        }
    }
}

impl HotTx {
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
                match within(self.commit()).await {
                    Ok(()) => Ok((value, begun.elapsed())),
                    Err(error) => Err(Failed::Doubtful(value, error)),
                }
            }
            Err(error) => {
                // Where this fails too, the connection is closed, and that rolls back.
                let _ = within(self.roll_back()).await;
                Err(Failed::Unchanged(error))
            }
        }
    }

    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.run("COMMIT").await?;
        if self.lax_sqlite {
            self.run("PRAGMA synchronous = FULL").await?;
        }
        self.done = true;
        Ok(())
    }

    /// Rolls back and keeps the connection, where nothing is wrong with it.
    pub(crate) async fn roll_back(mut self) -> Result<(), Error> {
        self.run("ROLLBACK").await?;
        if self.lax_sqlite {
            self.run("PRAGMA synchronous = FULL").await?;
        }
        self.done = true;
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
        if self.done {
            return;
        }
        match &mut self.connection {
            HotConnection::Sqlite(connection) => connection.close_on_drop(),
            HotConnection::Postgres(connection) => connection.close_on_drop(),
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
    use super::*;

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
