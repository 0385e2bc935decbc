//! Straight into a database, past the program: what a test could otherwise not bring about.

use sea_orm::{ConnectionTrait, Database, DbErr};

/// Runs statements, whole, on the database with this URL, and gives how many rows they changed.
pub async fn execute(url: &str, statements: &str) -> Result<u64, DbErr> {
    let database = Database::connect(url).await?;
    let done = database.execute_unprepared(statements).await;
    database.close().await?;
    Ok(done?.rows_affected())
}
