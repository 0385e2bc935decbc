//! Many rows of SQLite as one. Its thread hands over each row by itself, and whoever reads is woken and
//! sleeps again for each: that costs more than to find the row. So what the hot path reads by the dozen
//! comes as the one row of a `json_group_array(json_array(…))`.

use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Sqlite, SqliteConnection};
use serde::de::DeserializeOwned;

use crate::Error;

/// A statement that gives one row of one column.
pub(crate) type Scalar<'q> = sqlx::query::QueryScalar<'q, Sqlite, String, SqliteArguments>;

/// Reads the rows of such a statement, each as a tuple of its columns: numbers and texts, no bytes.
pub(crate) async fn rows<R: DeserializeOwned>(
    connection: &mut SqliteConnection,
    query: Scalar<'_>,
) -> Result<Vec<R>, Error> {
    parse(&query.fetch_one(connection).await?)
}

/// The rows in what such a statement gives.
pub(crate) fn parse<R: DeserializeOwned>(json: &str) -> Result<Vec<R>, Error> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(Box::new(error)).into())
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx::Connection;

    use super::*;

    type Read = Vec<(i64, Option<String>)>;

    async fn read(sql: &'static str) -> Result<Read, Error> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        rows(&mut connection, sqlx::query_scalar(sql)).await
    }

    #[tokio::test]
    async fn rows_come_as_they_are_in_their_order() {
        let sql = "SELECT json_group_array(json_array(column1, column2)) FROM (VALUES \
            (9223372036854775807, 'a \"quoted\" one'), (-9223372036854775808, NULL), \
            (0, 'char' || char(0, 31, 10, 8232, 128513) || 's'), (1, ''))";
        let wanted: Read = vec![
            (i64::MAX, Some("a \"quoted\" one".into())),
            (i64::MIN, None),
            (0, Some("char\0\u{1f}\n\u{2028}😁s".into())),
            (1, Some(String::new())),
        ];
        assert_eq!(read(sql).await.unwrap(), wanted);
    }

    #[tokio::test]
    async fn no_rows_are_none_and_other_columns_an_error() {
        let sql = "SELECT json_group_array(json_array(column1, column2)) FROM (VALUES (1, 2)) WHERE false";
        assert_eq!(read(sql).await.unwrap(), []);
        for other in ["json_array(1)", "json_array(NULL, 'a')", "json_array(1, 'a', 2)", "1"] {
            let sql: &'static str = format!("SELECT json_group_array({other})").leak();
            assert!(read(sql).await.is_err(), "{other}");
        }
    }
}
