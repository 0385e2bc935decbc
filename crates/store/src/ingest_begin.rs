//! The beginning of a batch's transaction, and what it reads first.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseBackend;
use sea_orm::sqlx::{FromRow, Row};

use crate::hot::{Durability, HotTx, within};
use crate::ingest_fan_out::owners_to_read;
use crate::ingest_items::Batch;
use crate::ingest_keys::places;
use crate::key_look::{self, Looked, Wanted};
use crate::script::ROWS_MAX;
use crate::{Error, Store};

/// What a batch has read on its first trip.
pub(crate) struct Read {
    /// The configuration versions of its companies, as id and version.
    pub(crate) versions: Vec<(i64, i64)>,
    /// On SQLite, its keys and the lanes that it was likely to need.
    pub(crate) looked: Option<Looked>,
}

impl Store {
    /// Begins the transaction of a batch. On SQLite, where each trip to the database's thread counts,
    /// all that it is likely to read comes with it: its keys, and the lanes by what is known of its
    /// companies' endpoints.
    pub(crate) async fn begin_batch(
        &self,
        batch: &Batch<'_>,
        now: DateTime<Utc>,
    ) -> Result<(HotTx, Read), Error> {
        let companies = batch.companies();
        if self.backend() == DatabaseBackend::Postgres || companies.len() > ROWS_MAX {
            let versions = crate::ingest_rows::versions_sql(&companies);
            let (tx, versions) =
                self.begin_hot_reading(Durability::Acknowledged, &versions).await?;
            return Ok((tx, Read { versions, looked: None }));
        }
        let wanted = Wanted { keys: places(&batch.items), endpoints: self.foreseen(batch) };
        let (mut tx, rows) = self
            .begin_hot_with(Durability::Acknowledged, |script| {
                crate::ingest_rows::read_versions(script, &companies);
                key_look::ask(script, &wanted);
            })
            .await?;
        let (versions, answers): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.len() == 2);
        let versions = versions.iter().map(FromRow::from_row).collect::<Result<_, _>>()?;
        match within(key_look::complete(self, &mut tx, wanted, answers, now)).await {
            Ok(looked) => Ok((tx, Read { versions, looked: Some(looked) })),
            Err(error) => {
                // Where this fails too, the connection is closed, and that rolls back.
                let _ = within(tx.roll_back()).await;
                Err(error)
            }
        }
    }

    /// The endpoints that a batch may go to, by what was true at its companies' last batch.
    fn foreseen(&self, batch: &Batch<'_>) -> Vec<i64> {
        owners_to_read(&batch.items, &self.known_companies(batch))
    }
}
