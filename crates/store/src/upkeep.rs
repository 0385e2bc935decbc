//! Long work in slices: what expires while nobody looks, and what a deletion leaves.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use crate::lines::{self, By, Line};
use crate::lines_people::wake_all;
use crate::lines_sql::Question;
use crate::settle_rows::finish_code;
use crate::time::micros;
use crate::{Error, Hint, Store};

/// How many rows one slice touches.
const SLICE_ROWS: i64 = 500;

/// Unclaimed deliveries whose event has expired.
pub(crate) const EXPIRED: &str = "SELECT p.company_id, p.id, p.endpoint_id FROM pending p \
    WHERE p.expires_at <= $1 AND p.claimed_by = 0 ORDER BY p.expires_at LIMIT $2";
/// Unclaimed deliveries to endpoints that have been deleted. By way of these endpoints: the other way round
/// each look would go through all that waits, and the planner takes it where it hopes to find enough soon.
pub(crate) const OF_DELETED: Question = Question {
    postgres: "SELECT p.company_id, p.id, p.endpoint_id FROM endpoints e CROSS JOIN LATERAL \
        (SELECT w.company_id, w.id, w.endpoint_id FROM pending w WHERE w.endpoint_id = e.id AND w.claimed_by = 0 \
        AND w.due_at <= $1 LIMIT $2) p WHERE e.deleted_at IS NOT NULL LIMIT $2",
    sqlite: "SELECT p.company_id, p.id, p.endpoint_id FROM endpoints e CROSS JOIN pending p \
        WHERE e.deleted_at IS NOT NULL AND p.endpoint_id = e.id AND p.claimed_by = 0 AND p.due_at <= $1 LIMIT $2",
};

/// A delivery that ended without another attempt.
pub(crate) struct Ended {
    pub(crate) company: CompanyId,
    pub(crate) id: DeliveryId,
    pub(crate) event: EventId,
    pub(crate) endpoint: EndpointId,
    pub(crate) tries: u32,
    pub(crate) finish: Finish,
    /// In which line it stood.
    pub(crate) line_key: Option<i64>,
}

impl Ended {
    fn line(&self) -> Option<Line> {
        self.line_key.map(|key| (self.endpoint.raw(), key))
    }
}

impl Store {
    /// Ends unclaimed deliveries whose event has expired, held ones too. Gives how many.
    pub async fn end_expired(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let values: [Value; 2] = [micros(now).into(), SLICE_ROWS.into()];
        self.end_rows(EXPIRED, values, Finish::Expired, now).await
    }

    /// Ends what is still pending for deleted endpoints. Gives how many.
    pub async fn end_deleted(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let values: [Value; 2] = [crate::time::NEVER.into(), SLICE_ROWS.into()];
        self.end_rows(OF_DELETED.on(self.backend()), values, Finish::Canceled, now).await
    }

    async fn end_rows(
        &self,
        choose: &'static str,
        values: [Value; 2],
        finish: Finish,
        now: DateTime<Utc>,
    ) -> Result<u64, Error> {
        if self.reader().query_one_raw(self.statement(choose, values.clone())).await?.is_none() {
            return Ok(0);
        }
        let tx = self.begin().await?;
        let rows = tx.query_all_raw(self.statement(choose, values)).await?;
        let endpoints = rows.iter().map(|row| row.try_get("", "endpoint_id"));
        let endpoints = endpoints.collect::<Result<BTreeSet<i64>, _>>()?;
        let locked = lines::lock(&mut By(&tx), &endpoints).await?;
        let mut ended = Vec::new();
        for row in rows {
            let key = (row.try_get("", "company_id")?, row.try_get("", "id")?);
            ended.extend(self.end_unclaimed(&tx, key, finish, now).await?);
        }
        let moved = ended.iter().filter_map(Ended::line).collect();
        let advanced = lines::advance(&mut By(&tx), &moved, &locked, now).await?;
        wake_all(&tx, &advanced, now).await?;
        tx.commit().await?;
        for (endpoint, _) in advanced.lanes {
            self.hint(Hint::LaneDue(EndpointId::from_raw(endpoint)));
        }
        self.count_ended(finish, ended.len() as u64);
        ended.iter().for_each(|ended| self.tell_ended(ended, now));
        Ok(ended.len() as u64)
    }

    pub(crate) fn count_ended(&self, finish: Finish, ended: u64) {
        self.inner.metrics.finished(finish).add(usize::try_from(ended).unwrap_or(usize::MAX));
    }

    /// Moves one unclaimed delivery, by company and id, to history without another attempt. Gives none
    /// where it has been claimed meanwhile: then it is another one's business.
    async fn end_unclaimed(
        &self,
        tx: &DatabaseTransaction,
        (company, id): (i64, i64),
        finish: Finish,
        now: DateTime<Utc>,
    ) -> Result<Option<Ended>, Error> {
        let sql = "DELETE FROM pending WHERE company_id = $1 AND id = $2 AND claimed_by = 0 \
            RETURNING endpoint_id, event_id, tries, tries_before, generation, format, render_version, line_key";
        let values: [Value; 2] = [company.into(), id.into()];
        let Some(row) = tx.query_one_raw(self.statement(sql, values)).await? else {
            return Ok(None);
        };
        let number = |name: &str| row.try_get::<i64>("", name);
        let sql = "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
            tries_before, finished_at, format, render_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
            ON CONFLICT (company_id, id, generation) DO NOTHING";
        let values: [Value; 11] = [
            id.into(),
            company.into(),
            number("generation")?.into(),
            number("endpoint_id")?.into(),
            number("event_id")?.into(),
            finish_code(finish).into(),
            number("tries")?.into(),
            number("tries_before")?.into(),
            micros(now).into(),
            number("format")?.into(),
            number("render_version")?.into(),
        ];
        tx.execute_raw(self.statement(sql, values)).await?;
        crate::search::feed::tell(tx, &[(company, id, number("generation")?)]).await?;
        Ok(Some(Ended {
            company: CompanyId::from_raw(company),
            id: DeliveryId::from_raw(id),
            event: EventId::from_raw(number("event_id")?),
            endpoint: EndpointId::from_raw(number("endpoint_id")?),
            tries: u32::try_from(number("tries")?).unwrap_or(0),
            finish,
            line_key: row.try_get("", "line_key")?,
        }))
    }
}
