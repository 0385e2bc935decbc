//! What people ask for while a node holds a delivery in memory: that node finds it by these indexes,
//! which have no rows but those.

use sea_orm_migration::prelude::*;

/// The second migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000002_wishes"
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
        for statement in [
            "CREATE INDEX pending_canceled ON pending (claimed_by) WHERE canceled = 1 AND claimed_by <> 0",
            "CREATE INDEX pending_asked ON pending (claimed_by) WHERE due_at = 0 AND claimed_by <> 0",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
