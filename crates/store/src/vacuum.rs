//! Dead rows of the hot tables on PostgreSQL, which are turned over so fast that autovacuum, which looks
//! once a minute, would find them grown by a million rows.

use sea_orm::{DatabaseBackend, FromQueryResult, Statement};

use crate::{Error, Store};

/// The hot tables, and how many dead rows each may have beside one for every [`LIVE_FOR_ONE_DEAD`] that
/// live: every vacuum reads whole indexes, so what it costs grows with what lives, and its part does not.
const HOT: [(&str, i64); 3] =
    [("pending_held", 50_000), ("pending_waiting", 50_000), ("lanes", 5_000)];
const LIVE_FOR_ONE_DEAD: i64 = 5;
/// It rests on its way, so that no delivery waits for it; and it may take long, but not for ever.
const GENTLY: &str = "SET vacuum_cost_delay = 1; SET statement_timeout = '10min'";

/// What PostgreSQL says of a table.
#[derive(Debug, FromQueryResult)]
struct Rows {
    name: String,
    live: i64,
    dead: i64,
}

impl Rows {
    fn need_a_vacuum(&self) -> bool {
        let spared =
            HOT.iter().find(|(name, _)| *name == self.name).map_or(0, |(_, spared)| *spared);
        self.dead >= spared + self.live / LIVE_FOR_ONE_DEAD
    }
}

impl Store {
    /// Vacuums the hot tables on PostgreSQL of which many rows are dead; gives how many it has vacuumed.
    /// It takes seconds where millions wait; dropped on its way, the database finishes it by itself.
    pub async fn vacuum_hot(&self) -> Result<usize, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(0);
        }
        let mut tables = self.hot_rows().await?;
        tables.retain(Rows::need_a_vacuum);
        if tables.is_empty() {
            return Ok(0);
        }
        let pool = self.inner.pools.write().get_postgres_connection_pool();
        let mut connection = pool.acquire().await?;
        // Its settings end with it.
        connection.close_on_drop();
        sea_orm::sqlx::raw_sql(GENTLY).execute(&mut *connection).await?;
        for Rows { name, .. } in &tables {
            // Where another node is at it, this one need not.
            let sql = format!("VACUUM (SKIP_LOCKED) {name}");
            sea_orm::sqlx::raw_sql(sea_orm::sqlx::AssertSqlSafe(sql))
                .execute(&mut *connection)
                .await?;
        }
        Ok(tables.len())
    }

    async fn hot_rows(&self) -> Result<Vec<Rows>, Error> {
        let names = HOT.map(|(name, _)| format!("'{name}'::regclass")).join(", ");
        let sql = format!(
            "SELECT relname::text AS name, CAST(greatest(reltuples, 0) AS BIGINT) AS live, \
             pg_stat_get_dead_tuples(oid) AS dead FROM pg_class WHERE oid IN ({names})"
        );
        Ok(Rows::find_by_statement(Statement::from_string(self.backend(), sql))
            .all(self.reader())
            .await?)
    }
}
