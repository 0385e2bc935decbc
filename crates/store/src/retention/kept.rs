//! Deliveries that are put back, or made anew, for an event whose day is being dropped on PostgreSQL.

use domain::id::CompanyId;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use crate::Error;
use crate::rows::sql::Sql;

/// The ids that are being removed while a transaction goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Removal {
    low: i64,
    high: i64,
}

impl Removal {
    /// Waits while a day is dropped, and keeps it from being dropped until the transaction ends. **Whoever
    /// puts a delivery of an event that is there already into `pending` asks for it before reading the event,
    /// and calls [`Self::keep`] with what was put there**: whoever drops the day has looked at `pending`
    /// before. On SQLite a slice is one transaction, and there is only one at a time.
    pub(crate) async fn look(tx: &DatabaseTransaction) -> Result<Self, Error> {
        let backend = tx.get_database_backend();
        if backend != DatabaseBackend::Postgres {
            return Ok(Self { low: 0, high: 0 });
        }
        let sql = "SELECT low, high FROM retention WHERE name = 'history' FOR SHARE";
        let row = tx.query_one_raw(Statement::from_string(backend, sql)).await?;
        let row = row.ok_or(Error::NotFound)?;
        Ok(Self { low: row.try_get("", "low")?, high: row.try_get("", "high")? })
    }

    /// Says that these deliveries, by event and id, are there.
    pub(crate) async fn keep(
        self,
        tx: &DatabaseTransaction,
        company: CompanyId,
        put: impl IntoIterator<Item = (i64, i64)>,
    ) -> Result<(), Error> {
        let is_near = |id: i64| id >= self.low && id < self.high;
        for (event, delivery) in put {
            if !is_near(event) && !is_near(delivery) {
                continue;
            }
            let mut sql =
                Sql::new("INSERT INTO retention_kept (company_id, event_id, delivery_id) VALUES (");
            sql.bind(company.raw()).text(", ").bind(event).text(", ").bind(delivery);
            sql.text(") ON CONFLICT DO NOTHING");
            tx.execute_raw(sql.build(tx.get_database_backend())).await?;
        }
        Ok(())
    }
}
