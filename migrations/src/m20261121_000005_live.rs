//! Watching live: who is watched, and what happened to them in the last minutes. The statements of
//! each database stand in a file of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The fifth migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000005_live"
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
            include_str!("m20261121_000005_live/postgres.sql")
        } else if backend == DatabaseBackend::Sqlite {
            include_str!("m20261121_000005_live/sqlite.sql")
        } else {
            return Err(DbErr::Custom(format!("{backend:?} is not supported")));
        };
        connection.execute_unprepared(statements).await.map(|_| ())
    }
}
