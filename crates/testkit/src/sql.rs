//! Straight into a database, past the program: what a test could otherwise not bring about.

use sea_orm::{ConnectionTrait, Database, DbErr, Statement};

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
    let asked = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(asked).await;
    database.close().await?;
    row?.map_or(Ok(0), |row| row.try_get_by_index(0))
}
