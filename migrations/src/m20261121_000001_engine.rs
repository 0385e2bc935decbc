//! The engine's schema: who there is, what came in, what is pending, what has happened, what is to
//! be mailed. The two databases differ where hot-path measurements say so: the statements of each
//! stand in a file of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The first migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000001_engine"
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
            include_str!("m20261121_000001_engine/postgres.sql")
        } else if backend == DatabaseBackend::Sqlite {
            include_str!("m20261121_000001_engine/sqlite.sql")
        } else {
            return Err(DbErr::Custom(format!("{backend:?} is not supported")));
        };
        connection.execute_unprepared(statements).await.map(|_| ())
    }
}
