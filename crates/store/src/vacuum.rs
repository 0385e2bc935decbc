//! Dead rows of the hot tables on PostgreSQL: `pending` and `lanes` are turned over so fast that
//! autovacuum, which looks once a minute, would find them grown by a million rows.

use sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::{Error, Store};

/// How many dead rows the hot tables may have before they are vacuumed, and which part of all rows
/// beside it. Every vacuum reads whole indexes, and those of what waits are large: deliveries that
/// succeed leave pages on which a few that wait remain, about 600 bytes of index for each (measured
/// where one in twenty fails). So the work grows with what waits, and with this part its share does not.
const DEAD_ROWS: i64 = 50_000;
const DEAD_PART: i64 = 5;
/// It rests on its way, so that no delivery waits for it; and it may take long, but not for ever.
const GENTLY: &str = "SET vacuum_cost_delay = 1; SET statement_timeout = '10min'";
/// Where another node is at it, this one need not.
const VACUUM: &str = "VACUUM (SKIP_LOCKED) pending, lanes";

impl Store {
    /// Vacuums the hot tables on PostgreSQL once many of their rows are dead; gives whether it did. It
    /// takes seconds where millions wait; dropped on its way, it leaves nothing behind.
    pub async fn vacuum_hot(&self) -> Result<bool, Error> {
        if self.backend() != DatabaseBackend::Postgres || !self.vacuum_needed().await? {
            return Ok(false);
        }
        let pool = self.inner.pools.write().get_postgres_connection_pool();
        let mut connection = pool.acquire().await?;
        // Its settings end with it.
        connection.close_on_drop();
        for sql in [GENTLY, VACUUM] {
            sea_orm::sqlx::raw_sql(sql).execute(&mut *connection).await?;
        }
        Ok(true)
    }

    async fn vacuum_needed(&self) -> Result<bool, Error> {
        let sql = "SELECT CAST(sum(pg_stat_get_dead_tuples(oid)) AS BIGINT) AS dead, \
            CAST(sum(greatest(reltuples, 0)) AS BIGINT) AS rows FROM pg_class \
            WHERE oid IN ('pending'::regclass, 'lanes'::regclass)";
        let Some(row) = self.reader().query_one_raw(self.statement(sql, [])).await? else {
            return Ok(false);
        };
        let (dead, rows): (i64, i64) = (row.try_get("", "dead")?, row.try_get("", "rows")?);
        Ok(dead >= DEAD_ROWS + rows / DEAD_PART)
    }
}
