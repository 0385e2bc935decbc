//! A place for SQLite's newest keys, in the order in which they come: `event_keys` stands in the order
//! of hashes, where each new key changes a page of its own. PostgreSQL does without.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// The migration of fresh keys.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000009_fresh_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite runs migrations outside a transaction unless it is asked.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Sqlite {
            return Ok(());
        }
        let statements = include_str!("m20261121_000009_fresh_keys/sqlite.sql");
        manager.get_connection().execute_unprepared(statements).await.map(|_| ())
    }
}
