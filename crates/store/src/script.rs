//! Scripts for SQLite: statements that go to its thread together. Each trip there and back costs as
//! much as writing ten rows, so a transaction of the hot path is two or three scripts.
//!
//! A script stays prepared by its text, so there are few texts: rows are written by statements for a
//! power of two of them, and what is left empty is NULL and is not inserted.

use std::borrow::Cow;
use std::sync::OnceLock;

use futures_util::TryStreamExt;
use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteRow};
use sea_orm::sqlx::{
    Arguments, AssertSqlSafe, Either, Encode, Executor, Sqlite, SqliteConnection, Type,
};

use crate::Error;

/// How many rows one statement writes at most.
pub(crate) const ROWS_MAX: usize = 256;
/// The shapes: one row, two, four, up to [`ROWS_MAX`].
const SHAPES: usize = ROWS_MAX.ilog2() as usize + 1;

/// An `INSERT` of any number of rows up to [`ROWS_MAX`]; the first column of none is NULL.
#[derive(Debug)]
pub(crate) struct RowsInsert {
    head: Cow<'static, str>,
    columns: usize,
    tail: Cow<'static, str>,
    texts: [OnceLock<String>; SHAPES],
}

impl RowsInsert {
    /// `head` ends with the list of the columns, `tail` begins with `ON CONFLICT` or is empty. As what
    /// fails is rolled back in whole, `INSERT OR FAIL` spares the copies of pages that a statement
    /// needs to undo itself alone.
    pub(crate) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self::of(Cow::Borrowed(head), columns, Cow::Borrowed(tail))
    }

    pub(crate) const fn of(
        head: Cow<'static, str>,
        columns: usize,
        tail: Cow<'static, str>,
    ) -> Self {
        Self { head, columns, tail, texts: [const { OnceLock::new() }; SHAPES] }
    }

    fn text(&self, shape: usize) -> &str {
        self.texts[shape].get_or_init(|| {
            let row = format!("({})", vec!["?"; self.columns].join(","));
            let rows = vec![row.as_str(); 1 << shape].join(",");
            match shape {
                0 => format!("{} VALUES {rows} {}", self.head, self.tail),
                // Without the condition the parser would take ON CONFLICT for a join's.
                _ => format!(
                    "{} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {}",
                    self.head, self.tail
                ),
            }
        })
    }
}

/// A condition or a read over any number of ids up to [`ROWS_MAX`].
#[derive(Debug)]
pub(crate) struct IdList {
    head: &'static str,
    tail: &'static str,
    texts: [OnceLock<String>; SHAPES],
}

impl IdList {
    /// `head` ends with `IN (`, `tail` begins with `)` and has no marks.
    pub(crate) const fn new(head: &'static str, tail: &'static str) -> Self {
        Self { head, tail, texts: [const { OnceLock::new() }; SHAPES] }
    }

    fn text(&self, shape: usize) -> &str {
        self.texts[shape].get_or_init(|| {
            format!("{}{}{}", self.head, vec!["?"; 1 << shape].join(","), self.tail)
        })
    }
}

/// The smallest shape that takes so many rows.
const fn shape_for(rows: usize) -> usize {
    rows.next_power_of_two().ilog2() as usize
}

/// Statements with their values, in their order.
#[derive(Debug, Default)]
pub(crate) struct Script {
    text: String,
    arguments: SqliteArguments,
    statements: usize,
}

/// How far a script came that failed.
pub(crate) struct Broken {
    /// How many of its statements were done.
    pub(crate) done: usize,
    pub(crate) error: Error,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        broken.error
    }
}

/// What a script brought: for each statement how many rows it changed, and all rows that were read.
pub(crate) struct Ran {
    pub(crate) changed: Vec<u64>,
    pub(crate) rows: Vec<SqliteRow>,
}

impl Script {
    pub(crate) const fn is_empty(&self) -> bool {
        self.statements == 0
    }

    /// How many statements it has.
    pub(crate) const fn len(&self) -> usize {
        self.statements
    }

    /// Adds a statement; its values follow by [`Self::bind`].
    pub(crate) fn statement(&mut self, text: &str) -> &mut Self {
        if self.statements > 0 {
            self.text.push(';');
        }
        self.text.push_str(text);
        self.statements += 1;
        self
    }

    /// Adds the value of the next mark.
    pub(crate) fn bind<'value, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'value, Sqlite> + Type<Sqlite>,
    {
        // Numbers, text and bytes can always be encoded.
        let _ = self.arguments.add(value);
        self
    }

    /// Adds an insert of at most [`ROWS_MAX`] rows; `bind` binds every column of one.
    pub(crate) fn insert<T>(
        &mut self,
        insert: &RowsInsert,
        rows: &[T],
        bind: impl Fn(&mut Self, &T),
    ) {
        let shape = shape_for(rows.len());
        self.statement(insert.text(shape));
        self.arguments.reserve((1 << shape) * insert.columns, 0);
        for row in rows {
            bind(self, row);
        }
        for _ in 0..((1 << shape) - rows.len()) * insert.columns {
            self.bind(None::<i64>);
        }
    }

    /// Adds a statement over at most [`ROWS_MAX`] ids; `first` binds the marks before the list.
    pub(crate) fn list(
        &mut self,
        list: &IdList,
        ids: impl ExactSizeIterator<Item = i64>,
        first: impl FnOnce(&mut Self),
    ) {
        let (count, shape) = (ids.len(), shape_for(ids.len()));
        self.statement(list.text(shape));
        first(self);
        for id in ids {
            self.bind(id);
        }
        for _ in count..1 << shape {
            self.bind(None::<i64>);
        }
    }

    /// Runs it on a connection; after an error what stands behind it has not been run.
    pub(crate) async fn run(self, connection: &mut SqliteConnection) -> Result<Ran, Broken> {
        let mut ran = Ran { changed: Vec::with_capacity(self.statements), rows: Vec::new() };
        if self.is_empty() {
            return Ok(ran);
        }
        let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(self.text), self.arguments);
        let mut results = connection.fetch_many(query);
        loop {
            match results.try_next().await {
                Ok(Some(Either::Left(done))) => ran.changed.push(done.rows_affected()),
                Ok(Some(Either::Right(row))) => ran.rows.push(row),
                Ok(None) => break,
                Err(error) => return Err(Broken { done: ran.changed.len(), error: error.into() }),
            }
        }
        drop(results);
        Ok(ran)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx::{Connection, Row};

    use super::*;

    static INSERT: RowsInsert =
        RowsInsert::new("INSERT INTO t (id, word)", 2, "ON CONFLICT (id) DO NOTHING");
    static READ: IdList =
        IdList::new("SELECT id FROM t WHERE word > ? AND id IN (", ") ORDER BY id");

    async fn database() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)").await.unwrap();
        connection
    }

    fn insert(ids: std::ops::Range<i64>) -> Script {
        let mut script = Script::default();
        script.insert(&INSERT, &ids.collect::<Vec<_>>(), |row, id| {
            row.bind(*id).bind(format!("word {id}"));
        });
        script
    }

    #[tokio::test]
    async fn any_number_of_rows_is_inserted_and_read() {
        for count in [1, 2, 3, 5, 64, 65, 255, 256] {
            let mut connection = database().await;
            let ran = insert(0..count).run(&mut connection).await.ok().unwrap();
            assert_eq!(ran.changed, [count as u64]);
            let mut script = Script::default();
            script.list(&READ, (0..count).collect::<Vec<_>>().into_iter(), |first| {
                first.bind("word");
            });
            let rows = script.run(&mut connection).await.ok().unwrap().rows;
            let read: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(read, (0..count).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn each_statement_of_a_script_has_its_own_values_and_count() {
        let mut connection = database().await;
        let mut script = insert(0..3);
        script.insert(&INSERT, &[2_i64, 3, 4, 5, 6], |row, id| {
            row.bind(*id).bind("again");
        });
        script.statement("UPDATE t SET word = ? WHERE id = ?").bind("last").bind(6_i64);
        assert_eq!(script.len(), 3);
        let ran = script.run(&mut connection).await.ok().unwrap();
        assert_eq!(ran.changed, [3, 4, 1]);
    }

    #[tokio::test]
    async fn a_script_that_breaks_says_how_far_it_came() {
        let mut connection = database().await;
        let mut script = insert(0..3);
        script.statement("INSERT INTO t VALUES (1, NULL)");
        script.statement("DELETE FROM t");
        let broken = script.run(&mut connection).await.err().unwrap();
        assert_eq!(broken.done, 1);
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut connection).await.unwrap();
        assert_eq!(left, 3);
    }
}
