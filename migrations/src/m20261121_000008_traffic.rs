//! Endpoints with a rate, a bound of requests under way, or an order: when their lanes may begin, and
//! the lines of contacts. The statements of each database stand in a file of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The migration of restrained endpoints.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000008_traffic"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite runs migrations outside a transaction unless it is asked.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = manager.get_database_backend();
        let statements = if backend == DatabaseBackend::Postgres {
            include_str!("m20261121_000008_traffic/postgres.sql")
        } else if backend == DatabaseBackend::Sqlite {
            include_str!("m20261121_000008_traffic/sqlite.sql")
        } else {
            return Err(DbErr::Custom(format!("{backend:?} is not supported")));
        };
        connection.execute_unprepared(statements).await.map(|_| ())
    }
}
