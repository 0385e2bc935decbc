//! Straight into a database, past the program: what a test could otherwise not bring about.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, QueryResult, Statement};

/// Runs statements, whole, on the database with this URL, and gives how many rows they changed.
pub async fn execute(url: &str, statements: &str) -> Result<u64, DbErr> {
    let database = Database::connect(url).await?;
    let done = database.execute_unprepared(statements).await;
    database.close().await?;
    Ok(done?.rows_affected())
}

/// The number in the first column of the first row that a query finds, 0 where it finds none.
pub async fn number(url: &str, query: &str) -> Result<i64, DbErr> {
    let database = Database::connect(url).await?;
    let row = rows_of(&database, query).await;
    database.close().await?;
    row?.first().map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// The text in the first column of the first row that a query finds, empty where it finds none.
pub async fn text(url: &str, query: &str) -> Result<String, DbErr> {
    let database = Database::connect(url).await?;
    let row = rows_of(&database, query).await;
    database.close().await?;
    row?.first().map_or(Ok(String::new()), |row| row.try_get_by_index(0))
}

/// The two numbers in the first columns of every row that a query finds.
pub async fn pairs(url: &str, query: &str) -> Result<Vec<(i64, i64)>, DbErr> {
    let database = Database::connect(url).await?;
    let rows = rows_of(&database, query).await;
    database.close().await?;
    let pair = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows?.iter().map(pair).collect()
}

async fn rows_of(database: &DatabaseConnection, query: &str) -> Result<Vec<QueryResult>, DbErr> {
    let asked = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(asked).await
}
