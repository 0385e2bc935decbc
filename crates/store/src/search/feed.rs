//! What finished after its slice was written: told by whoever finishes it, indexed by the walk; and
//! how slices are written.

use sea_orm::{ConnectionTrait, DatabaseBackend, FromQueryResult, sqlx};

use crate::Error;
use crate::Store;
use crate::hot::{Durability, Failed, HotConnection, HotTx, runs, values, within};
use crate::rows::sql::Sql;
use crate::search::finished::Finished;
use crate::search::slice::TermRow;
use crate::search::terms::EndFacts;
use crate::settle_rows::{FinishRow, finish_code};

/// How many late ones are indexed at a time.
const FEED_ROWS: i64 = 200;

/// A delivery that was finished: company, id, generation.
pub(crate) type Fed = (i64, i64, i64);

/// Tells the walk about deliveries of a settlement that it may have passed. To be called after the
/// transaction's first write: then the walk waits for it, or it sees how far the walk is.
pub(crate) const FEED_POSTGRES: &str = "INSERT INTO search_feed (company_id, id, generation) \
    SELECT * FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(company_id, id, generation) \
    WHERE t.id < (SELECT next FROM search_state WHERE name = 'walk') ON CONFLICT DO NOTHING";

/// Of a settlement: all that did not end as nearly all do.
pub(crate) async fn tell_settled(tx: &mut HotTx, rows: &[FinishRow<'_>]) -> Result<(), Error> {
    let is_plain = |row: &FinishRow<'_>| {
        let status = row.attempt.and_then(|attempt| attempt.outcome.status_code);
        EndFacts::is_plain(finish_code(row.finish), status.map(i64::from))
    };
    let told: Vec<Fed> = rows
        .iter()
        .filter(|row| !is_plain(row))
        .map(|row| {
            let delivery = row.delivery;
            let company = delivery.event.company.raw();
            (company, delivery.id.raw(), i64::from(delivery.generation))
        })
        .collect();
    tell_hot(tx, &told).await
}

/// Of whatever else was finished on the hot path.
pub(crate) async fn tell_hot(tx: &mut HotTx, told: &[Fed]) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let next: i64 = sqlx::query_scalar("SELECT next FROM search_state WHERE name = 'walk'")
                .fetch_one(&mut **connection)
                .await?;
            let told: Vec<Fed> = told.iter().copied().filter(|fed| fed.1 < next).collect();
            for run in runs(&told) {
                let head = "INSERT OR IGNORE INTO search_feed (company_id, id, generation) VALUES ";
                let mut query = sqlx::query(values(head, 3, run.len(), ""));
                for (company, id, generation) in run {
                    query = query.bind(*company).bind(*id).bind(*generation);
                }
                query.execute(&mut **connection).await?;
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&Fed) -> i64| told.iter().map(pick).collect::<Vec<i64>>();
            sqlx::query(FEED_POSTGRES)
                .bind(column(|fed| fed.0))
                .bind(column(|fed| fed.1))
                .bind(column(|fed| fed.2))
                .execute(&mut **connection)
                .await?;
        }
    }
    Ok(())
}

/// The same for whoever else finishes deliveries, after that.
pub(crate) async fn tell(connection: &impl ConnectionTrait, told: &[Fed]) -> Result<(), Error> {
    const AT_A_TIME: usize = 500;
    for some in told.chunks(AT_A_TIME) {
        let mut sql = Sql::new("WITH t(company_id, id, generation) AS (VALUES ");
        for (place, (company, id, generation)) in some.iter().enumerate() {
            sql.text(if place == 0 { "(" } else { ", (" });
            sql.bind(*company).text(", ").bind(*id).text(", ").bind(*generation).text(")");
        }
        sql.text(") INSERT INTO search_feed (company_id, id, generation) \
            SELECT t.company_id, t.id, t.generation FROM t \
            WHERE t.id < (SELECT next FROM search_state WHERE name = 'walk') ON CONFLICT DO NOTHING");
        connection.execute_raw(sql.build(connection.get_database_backend())).await?;
    }
    Ok(())
}

impl Store {
    /// Indexes some of what finished late. Gives how many.
    pub(crate) async fn index_feed(&self) -> Result<usize, Error> {
        let fed = "SELECT company_id, id, generation FROM search_feed LIMIT $1";
        let rows = self.reader().query_all_raw(self.statement(fed, [FEED_ROWS.into()])).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut fed: Vec<Fed> = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = row.try_get("", "id")?;
            fed.push((row.try_get("", "company_id")?, id, row.try_get("", "generation")?));
        }
        fed.sort_unstable();
        let mut late: Vec<(i64, i64, i64)> = Vec::new();
        for same in fed.chunk_by(|a, b| a.0 == b.0) {
            let company = same[0].0;
            let mut sql = Sql::new(Finished::SELECT);
            sql.text(" FROM deliveries d").text(Finished::join(self.backend()));
            sql.text("WHERE d.company_id = ")
                .bind(company)
                .text(" AND d.id IN (")
                .list(same.iter().map(|fed| fed.1))
                .text(")");
            let statement = sql.build(self.backend());
            for row in Finished::find_by_statement(statement).all(self.reader()).await? {
                let shelf = self.shelf_of(company);
                late.extend(row.facts().terms().into_iter().map(|term| (shelf, term, row.id)));
            }
        }
        late.sort_unstable();
        late.dedup();
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(write_late(&mut tx, &late, &fed)).await;
        tx.end(done).await.map_err(cause)?;
        Ok(fed.len())
    }

    /// Where a company's slices stand.
    pub(crate) fn shelf_of(&self, company: i64) -> i64 {
        if self.backend() == DatabaseBackend::Postgres { company } else { 0 }
    }

    /// Writes a slice, unless the mark is no longer where it was read.
    pub(crate) async fn write_terms(
        &self,
        shelf: i64,
        (from, to): (i64, i64),
        rows: &[TermRow],
    ) -> Result<(), Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(write_slice(&mut tx, shelf, (from, to), rows)).await;
        tx.end(done).await.map_err(cause)
    }
}

fn cause<T>(failed: Failed<T>) -> Error {
    match failed {
        Failed::Unchanged(error) | Failed::Doubtful(_, error) => error,
    }
}

async fn write_late(tx: &mut HotTx, late: &[(i64, i64, i64)], fed: &[Fed]) -> Result<(), Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(late) {
                let head = "INSERT OR IGNORE INTO search_late (shelf, term, id) VALUES ";
                let mut query = sqlx::query(values(head, 3, run.len(), ""));
                for (shelf, term, id) in run {
                    query = query.bind(*shelf).bind(*term).bind(*id);
                }
                query.execute(&mut **connection).await?;
            }
            for (company, id, generation) in fed {
                let sql =
                    "DELETE FROM search_feed WHERE company_id = ? AND id = ? AND generation = ?";
                let query = sqlx::query(sql).bind(*company).bind(*id).bind(*generation);
                query.execute(&mut **connection).await?;
            }
        }
        HotConnection::Postgres(connection) => {
            let of = |rows: &[(i64, i64, i64)], pick: fn(&(i64, i64, i64)) -> i64| {
                rows.iter().map(pick).collect::<Vec<i64>>()
            };
            let insert = "INSERT INTO search_late (shelf, term, id) \
                SELECT * FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING";
            let delete = "DELETE FROM search_feed f USING unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) \
                AS t(company_id, id, generation) WHERE f.company_id = t.company_id AND f.id = t.id \
                AND f.generation = t.generation";
            for (sql, rows) in [(insert, late), (delete, fed)] {
                sqlx::query(sql)
                    .bind(of(rows, |row| row.0))
                    .bind(of(rows, |row| row.1))
                    .bind(of(rows, |row| row.2))
                    .execute(&mut **connection)
                    .await?;
            }
        }
    }
    Ok(())
}

/// The mark and the slice's number, in one step; nothing where the mark has moved.
const MARK_FIRST: &str =
    "INSERT INTO search_shelves (shelf, done, slices) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING";
const MARK: &str = "UPDATE search_shelves SET done = $3, slices = slices + 1 WHERE shelf = $1 AND done = $2 RETURNING slices";
const SLICE: &str =
    "INSERT INTO search_slices (shelf, slice, first_id, last_id) VALUES ($1, $2, $3, $4)";

async fn write_slice(
    tx: &mut HotTx,
    shelf: i64,
    (from, to): (i64, i64),
    rows: &[TermRow],
) -> Result<(), Error> {
    macro_rules! mark {
        ($connection:expr) => {{
            sqlx::query(MARK_FIRST).bind(shelf).execute(&mut **$connection).await?;
            let query = sqlx::query_scalar(MARK).bind(shelf).bind(from).bind(to + 1);
            let slice: Option<i64> = query.fetch_optional(&mut **$connection).await?;
            let Some(slice) = slice else { return Ok(()) };
            let query = sqlx::query(SLICE).bind(shelf).bind(slice).bind(from).bind(to);
            query.execute(&mut **$connection).await?;
            slice
        }};
    }
    let slice = match &mut tx.connection {
        HotConnection::Sqlite(connection) => mark!(connection),
        HotConnection::Postgres(connection) => mark!(connection),
    };
    insert_terms(tx, shelf, slice, rows).await
}

/// Writes terms of a slice; those that are there stay.
pub(crate) async fn insert_terms(
    tx: &mut HotTx,
    shelf: i64,
    slice: i64,
    rows: &[TermRow],
) -> Result<(), Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let head = "INSERT OR IGNORE INTO search_terms (shelf, slice, term, last_id, span) VALUES ";
                let mut query = sqlx::query(values(head, 5, run.len(), ""));
                for row in run {
                    query = query.bind(shelf).bind(slice).bind(row.term).bind(row.last);
                    query = query.bind(row.last - row.first);
                }
                query.execute(&mut **connection).await?;
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&TermRow) -> i64| rows.iter().map(pick).collect::<Vec<i64>>();
            sqlx::query(
                "INSERT INTO search_terms (shelf, slice, term, last_id, span) SELECT $1, $2, t.term, \
                 t.last_id, t.span FROM unnest((SELECT $3::bigint[]), $4::bigint[], $5::bigint[]) AS t(term, last_id, span) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(shelf)
            .bind(slice)
            .bind(column(|row| row.term))
            .bind(column(|row| row.last))
            .bind(column(|row| row.last - row.first))
            .execute(&mut **connection)
            .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    /// A file that writes history and does not tell the walk loses rows from their lists.
    #[test]
    fn whoever_writes_history_tells_the_walk() {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut writers = Vec::new();
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let writes =
                text.contains("INSERT INTO deliveries") || text.contains("history::Entity::insert");
            // What settlement finishes is told in `settle`.
            if writes && name != "settle_history.rs" {
                assert!(text.contains("feed::tell"), "{name}");
                writers.push(name);
            }
        }
        assert!(writers.len() >= 3, "{writers:?}");
        assert!(include_str!("../settle.rs").contains("feed::tell_settled"));
    }
}
