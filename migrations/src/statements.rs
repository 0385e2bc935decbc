//! What every migration is: a name, and the statements of each database.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// A migration that only runs statements; a database for which there are none is as it should be.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) name: &'static str,
    pub(crate) postgres: Option<&'static str>,
    pub(crate) sqlite: Option<&'static str>,
}

impl MigrationName for Statements {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Statements {
    /// SQLite runs migrations outside a transaction unless it is asked.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let statements = if backend == DatabaseBackend::Postgres {
            self.postgres
        } else if backend == DatabaseBackend::Sqlite {
            self.sqlite
        } else {
            return Err(DbErr::Custom(format!("{backend:?} is not supported")));
        };
        if let Some(statements) = statements {
            manager.get_connection().execute_unprepared(statements).await?;
        }
        Ok(())
    }
}
