//! Failures, counted on every node alike.

use chrono::{DateTime, Utc};
use domain::throttle::{Counted, FORGOTTEN_AFTER};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};

use crate::entity::throttle;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

impl Store {
    /// Counts one failure of each subject. Those whose last one is long ago begin anew.
    pub async fn count_failure(
        &self,
        subjects: &[[u8; 32]],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO throttles (subject, failures, since, last_at) VALUES ($1, 1, $2, $2) \
            ON CONFLICT (subject) DO UPDATE SET \
            failures = CASE WHEN throttles.last_at <= $3 THEN 1 ELSE throttles.failures + 1 END, \
            since = CASE WHEN throttles.last_at <= $3 THEN $2 ELSE throttles.since END, \
            last_at = CASE WHEN throttles.last_at > $2 THEN throttles.last_at ELSE $2 END";
        let mut subjects = subjects.to_vec();
        // In one order, so that nobody waits for one who waits.
        subjects.sort_unstable();
        subjects.dedup();
        let tx = self.begin().await?;
        for subject in subjects {
            let oldest = micros(now - FORGOTTEN_AFTER);
            let values: [Value; 3] = [subject.to_vec().into(), micros(now).into(), oldest.into()];
            tx.execute_raw(self.statement(sql, values)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What is counted of each subject, in their order.
    pub async fn failures<const N: usize>(
        &self,
        subjects: &[[u8; 32]; N],
    ) -> Result<[Option<Counted>; N], Error> {
        let rows = throttle::Entity::find()
            .filter(throttle::Column::Subject.is_in(subjects.iter().map(|hash| hash.to_vec())))
            .all(self.reader())
            .await?;
        Ok(subjects.map(|subject| {
            let row = rows.iter().find(|row| row.subject == subject)?;
            Some(Counted {
                failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
                last_at: from_micros(row.last_at),
            })
        }))
    }

    /// Forgets the failures of a subject.
    pub async fn clear_failures(&self, subject: [u8; 32]) -> Result<(), Error> {
        let tx = self.begin().await?;
        throttle::Entity::delete_by_id(subject.to_vec()).exec(&tx).await?;
        Ok(tx.commit().await?)
    }
}
