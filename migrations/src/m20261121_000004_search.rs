//! The index behind the lists of events and deliveries.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The fourth migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000004_search"
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
            include_str!("m20261121_000004_search/postgres.sql")
        } else if backend == DatabaseBackend::Sqlite {
            include_str!("m20261121_000004_search/sqlite.sql")
        } else {
            return Err(DbErr::Custom(format!("{backend:?} is not supported")));
        };
        connection.execute_unprepared(statements).await.map(|_| ())
    }
}
