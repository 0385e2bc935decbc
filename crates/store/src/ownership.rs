//! Who owns which lane, and giving claims back.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, DeliveryId, EndpointId};
use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use crate::rows::lane::wake;
use crate::time::micros;
use crate::{Error, Store};

/// How many rows one statement of long work touches.
const SLICE_ROWS: i64 = 2_000;

/// A delivery to give back: its company, itself, its endpoint.
pub type Held = (CompanyId, DeliveryId, EndpointId);

impl Store {
    /// Remembers rows that may be claimed by this node without being in its memory, because a commit
    /// failed and nobody can tell whether it had worked.
    pub(crate) fn doubt(&self, rows: impl Iterator<Item = Held>) {
        self.inner.doubtful.lock().extend(rows);
    }

    /// Gives back what a failed commit may have left claimed. To be called every so often.
    pub async fn release_doubtful(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let rows = std::mem::take(&mut *self.inner.doubtful.lock());
        if rows.is_empty() {
            return Ok(());
        }
        let released = self.release(&rows, now).await;
        if released.is_err() {
            self.doubt(rows.into_iter());
        }
        released
    }

    /// Gives claimed rows back unsent; the lanes' owners find them.
    pub async fn release(&self, rows: &[Held], now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        let me = self.incarnation();
        let mut endpoints: Vec<(EndpointId, CompanyId)> = Vec::new();
        for (company, delivery, endpoint) in rows {
            let sql = "UPDATE pending SET claimed_by = 0 WHERE company_id = $1 AND id = $2 AND claimed_by = $3";
            let values: [Value; 3] = [company.raw().into(), delivery.raw().into(), me.into()];
            let done = tx.execute_raw(self.statement(sql, values)).await?;
            if done.rows_affected() > 0 {
                endpoints.push((*endpoint, *company));
            }
        }
        endpoints.sort_unstable();
        endpoints.dedup();
        for (endpoint, company) in endpoints {
            wake(&tx, company, endpoint, micros(now)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether there are lanes that nobody owns.
    pub async fn has_free_lanes(&self) -> Result<bool, Error> {
        let sql = "SELECT endpoint_id FROM lanes WHERE owner = 0 LIMIT 1";
        Ok(self.reader().query_one_raw(self.statement(sql, [])).await?.is_some())
    }

    /// The configuration versions of companies, for comparing with what is in memory.
    pub async fn config_versions(
        &self,
        companies: &[CompanyId],
    ) -> Result<HashMap<CompanyId, i64>, Error> {
        let mut versions = HashMap::with_capacity(companies.len());
        for company in companies {
            let sql = "SELECT config_version FROM companies WHERE id = $1";
            let values: [Value; 1] = [company.raw().into()];
            if let Some(row) = self.reader().query_one_raw(self.statement(sql, values)).await? {
                versions.insert(*company, row.try_get("", "config_version")?);
            }
        }
        Ok(versions)
    }

    /// Takes lanes that nobody owns, at most `limit`. Gives how many.
    pub async fn adopt_lanes(&self, limit: u32) -> Result<u64, Error> {
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "WITH free AS MATERIALIZED (SELECT endpoint_id FROM lanes WHERE owner = 0 LIMIT $2 \
                 FOR UPDATE SKIP LOCKED) UPDATE lanes SET owner = $1, version = version + 1 \
                 FROM free WHERE lanes.endpoint_id = free.endpoint_id"
        } else {
            "UPDATE lanes SET owner = $1, version = version + 1 WHERE endpoint_id IN \
                 (SELECT endpoint_id FROM lanes WHERE owner = 0 LIMIT $2)"
        };
        let values: [Value; 2] = [self.incarnation().into(), i64::from(limit).into()];
        let done = self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        Ok(done.rows_affected())
    }

    /// How many lanes each node owns; 0 is nobody.
    pub async fn lane_counts(&self) -> Result<Vec<(i64, i64)>, Error> {
        let sql = "SELECT owner, count(*) AS lanes FROM lanes GROUP BY owner";
        let rows = self.reader().query_all_raw(self.statement(sql, [])).await?;
        rows.iter().map(|row| Ok((row.try_get("", "owner")?, row.try_get("", "lanes")?))).collect()
    }

    /// Some lanes that this node owns, for handing over.
    pub async fn own_lanes(&self, limit: u32) -> Result<Vec<EndpointId>, Error> {
        let sql =
            "SELECT endpoint_id FROM lanes WHERE owner = $1 ORDER BY endpoint_id DESC LIMIT $2";
        let values: [Value; 2] = [self.incarnation().into(), i64::from(limit).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        rows.iter().map(|row| Ok(EndpointId::from_raw(row.try_get("", "endpoint_id")?))).collect()
    }

    /// Leaves a lane to whoever takes it next; called once nothing of it is in flight.
    pub async fn give_lane(&self, endpoint: EndpointId) -> Result<(), Error> {
        let sql = "UPDATE lanes SET owner = 0, version = version + 1 WHERE endpoint_id = $1 AND owner = $2";
        let values: [Value; 2] = [endpoint.raw().into(), self.incarnation().into()];
        self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Removes the lane of an endpoint with nothing wrong and nothing waiting. Its version is read
    /// first: whoever adds a row for the lane raises it, and then it stays.
    pub async fn retire_lane(&self, endpoint: EndpointId) -> Result<bool, Error> {
        let read = "SELECT version FROM lanes WHERE endpoint_id = $1 AND owner = $2";
        let me = self.incarnation();
        let values: [Value; 2] = [endpoint.raw().into(), me.into()];
        let Some(row) = self.reader().query_one_raw(self.statement(read, values)).await? else {
            return Ok(true);
        };
        let version: i64 = row.try_get("", "version")?;
        let waiting =
            "SELECT 1 AS one FROM pending WHERE endpoint_id = $1 AND claimed_by = 0 LIMIT 1";
        let values: [Value; 1] = [endpoint.raw().into()];
        if self.reader().query_one_raw(self.statement(waiting, values)).await?.is_some() {
            return Ok(false);
        }
        let sql = "DELETE FROM lanes WHERE endpoint_id = $1 AND owner = $2 AND version = $3";
        let values: [Value; 3] = [endpoint.raw().into(), me.into(), version.into()];
        let done = self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives back what a dead node had claimed, a slice at a time. Gives whether there may be more.
    pub async fn free_claims_of(&self, dead: i64, now: DateTime<Utc>) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "WITH held AS MATERIALIZED (SELECT company_id, id FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 \
                 LIMIT $2 FOR UPDATE SKIP LOCKED) UPDATE pending p SET claimed_by = 0 FROM held \
                 WHERE p.company_id = held.company_id AND p.id = held.id RETURNING p.endpoint_id, p.company_id"
        } else {
            "UPDATE pending SET claimed_by = 0 WHERE id IN (SELECT id FROM pending WHERE claimed_by = $1 LIMIT $2) \
                 RETURNING endpoint_id, company_id"
        };
        let values: [Value; 2] = [dead.into(), SLICE_ROWS.into()];
        let rows = tx.query_all_raw(self.statement(sql, values)).await?;
        let mut endpoints = rows
            .iter()
            .map(|row| Ok((row.try_get("", "endpoint_id")?, row.try_get("", "company_id")?)))
            .collect::<Result<Vec<(i64, i64)>, sea_orm::DbErr>>()?;
        // Rows that somebody else has locked at this moment were left out, and must not be forgotten.
        let rest = "SELECT 1 AS one FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 LIMIT 1";
        let values: [Value; 1] = [dead.into()];
        let more = tx.query_one_raw(self.statement(rest, values)).await?.is_some();
        endpoints.sort_unstable();
        endpoints.dedup();
        for (endpoint, company) in endpoints {
            let (endpoint, company) =
                (EndpointId::from_raw(endpoint), CompanyId::from_raw(company));
            wake(&tx, company, endpoint, micros(now)).await?;
        }
        if !more {
            let values: [Value; 1] = [dead.into()];
            let sql = "UPDATE lanes SET owner = 0, version = version + 1 WHERE owner = $1";
            tx.execute_raw(self.statement(sql, values.clone())).await?;
            let sql =
                "UPDATE mail_outbox SET claimed_by = 0 WHERE claimed_by = $1 AND state = 'queued'";
            tx.execute_raw(self.statement(sql, values.clone())).await?;
            tx.execute_raw(self.statement("DELETE FROM nodes WHERE incarnation = $1", values))
                .await?;
        }
        tx.commit().await?;
        Ok(more)
    }

    /// Frees whatever earlier incarnations held, at the start of the only node of a SQLite file.
    pub async fn free_all_claims(&self) -> Result<(), Error> {
        let tx = self.begin().await?;
        for sql in [
            "UPDATE pending SET claimed_by = 0 WHERE claimed_by <> 0",
            "UPDATE lanes SET owner = 0, version = version + 1 WHERE owner <> 0",
            "UPDATE mail_outbox SET claimed_by = 0 WHERE claimed_by <> 0 AND state = 'queued'",
            "DELETE FROM nodes",
        ] {
            tx.execute_raw(self.statement(sql, [])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes lanes for endpoints that have something waiting and none. There should be none such;
    /// after a crash at a bad moment there are. Walks the index from endpoint to endpoint.
    pub async fn mend_lanes(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let sql = "SELECT p.endpoint_id, p.company_id FROM pending p WHERE p.claimed_by = 0 \
            AND p.endpoint_id > $1 ORDER BY p.endpoint_id LIMIT 1";
        let (mut after, mut mended) = (0i64, 0);
        loop {
            let values: [Value; 1] = [after.into()];
            let Some(row) = self.reader().query_one_raw(self.statement(sql, values)).await? else {
                return Ok(mended);
            };
            let (endpoint, company): (i64, i64) =
                (row.try_get("", "endpoint_id")?, row.try_get("", "company_id")?);
            after = endpoint;
            let there = "SELECT 1 AS one FROM lanes WHERE endpoint_id = $1";
            let values: [Value; 1] = [endpoint.into()];
            if self.reader().query_one_raw(self.statement(there, values)).await?.is_none() {
                let tx = self.begin().await?;
                let (id, company) = (EndpointId::from_raw(endpoint), CompanyId::from_raw(company));
                wake(&tx, company, id, micros(now)).await?;
                tx.commit().await?;
                mended += 1;
            }
        }
    }
}
