//! Who owns which lane, and giving claims back.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, DeliveryId, EndpointId};
use sea_orm::{ConnectionTrait, DatabaseBackend, Value, sqlx};

use crate::pools::Pools;
use crate::rows::lane::wake;
use crate::rows::sql::Sql;
use crate::time::{from_micros, micros};
use crate::traffic::{RATE_SPAN, Rest, is_restrained};
use crate::{Error, Store, Wish};

/// How many rows one statement of long work touches.
const SLICE_ROWS: i64 = 2_000;
/// How many rows are given back in one transaction.
const RELEASE_ROWS: usize = 1_000;
/// How often a doubtful row is looked for before it is taken for never written: half an hour.
const DOUBT_ROUNDS_MAX: u32 = 1_800;
/// How many lanes a stopping node leaves one by one; the rest goes with its end.
const LEAVING_LANES_MAX: u32 = 5_000;

/// A lane is put off by no more than this where something waits that may be sent.
const PUT_OFF_MAX: TimeDelta = TimeDelta::seconds(2);

const VERSIONS_POSTGRES: &str = "SELECT id, config_version FROM companies WHERE id IN \
    (SELECT value::bigint FROM json_array_elements_text($1::json))";

/// Endpoints that have something waiting, and no lane or one that is due later than that, and later than
/// anything holds it. Walks the index from endpoint to endpoint, however much waits for each.
pub(crate) const MISSING_LANES: &str = "WITH RECURSIVE w(endpoint) AS (\
    SELECT (SELECT p.endpoint_id FROM pending p WHERE p.claimed_by = 0 ORDER BY p.endpoint_id LIMIT 1) \
    UNION ALL SELECT (SELECT p.endpoint_id FROM pending p WHERE p.claimed_by = 0 AND p.endpoint_id > w.endpoint \
    ORDER BY p.endpoint_id LIMIT 1) FROM w WHERE w.endpoint IS NOT NULL) \
    SELECT e.id, e.company_id FROM w JOIN endpoints e ON e.id = w.endpoint \
    JOIN companies c ON c.id = e.company_id LEFT JOIN lanes l ON l.endpoint_id = e.id \
    WHERE e.switch = 'enabled' AND e.deleted_at IS NULL AND c.suspended_at IS NULL AND (l.endpoint_id IS NULL \
    OR (l.next_due > $1 AND l.next_due > l.hold_until AND l.next_due > l.rest_until AND l.next_due > \
    (SELECT p.due_at FROM pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0 \
    ORDER BY p.due_at, p.id LIMIT 1))) ORDER BY e.id";

/// A delivery to give back: its company, itself, its endpoint.
pub type Held = (CompanyId, DeliveryId, EndpointId);

impl Store {
    /// Remembers rows that may be claimed by this node without being in its memory: a commit failed
    /// and nobody can tell whether it had worked, or giving them back failed.
    pub fn doubt(&self, rows: impl Iterator<Item = Held>) {
        let me = self.incarnation();
        self.inner.doubtful.lock().extend(rows.map(|row| (row, me, DOUBT_ROUNDS_MAX)));
    }

    /// Gives back what is doubtful. To be called every second: a row is looked for many times, for a
    /// commit that waits for a standby becomes visible late.
    pub async fn release_doubtful(&self, now: DateTime<Utc>) -> Result<(), Error> {
        // A row that is claimed again meanwhile is in doubt no more, and must not be freed.
        let _no_claims = self.inner.claiming.lock().await;
        let doubtful = std::mem::take(&mut *self.inner.doubtful.lock());
        let me = self.incarnation();
        // What an earlier incarnation held is freed with it.
        let own: Vec<_> = doubtful.into_iter().filter(|(_, by, _)| *by == me).collect();
        if own.is_empty() {
            return Ok(());
        }
        let rows: Vec<Held> = own.iter().map(|(row, ..)| *row).collect();
        let (found, result) = match self.release(&rows, now).await {
            Ok(found) => (found, Ok(())),
            Err(error) => (HashSet::new(), Err(error)),
        };
        let unseen =
            own.into_iter().filter(|(row, _, rounds)| *rounds > 0 && !found.contains(&row.1));
        let unseen = unseen.map(|(row, by, rounds)| (row, by, rounds - 1));
        self.inner.doubtful.lock().extend(unseen);
        result
    }

    /// These rows are in no doubt: this node has just claimed them.
    pub(crate) fn know(&self, rows: impl Iterator<Item = DeliveryId>) {
        let mut doubtful = self.inner.doubtful.lock();
        if !doubtful.is_empty() {
            let known: HashSet<DeliveryId> = rows.collect();
            doubtful.retain(|((_, delivery, _), ..)| !known.contains(delivery));
        }
    }

    /// Gives claimed rows back unsent, a slice at a time; the lanes' owners find them. Tells which it
    /// found. On an error some slices may have been given back.
    pub async fn release(
        &self,
        rows: &[Held],
        now: DateTime<Utc>,
    ) -> Result<HashSet<DeliveryId>, Error> {
        let mut found = HashSet::with_capacity(rows.len());
        for slice in rows.chunks(RELEASE_ROWS) {
            found.extend(self.release_slice(slice, None, now).await?);
        }
        Ok(found)
    }

    /// Gives a claimed row back that is not to be sent before `until`.
    pub async fn put_off(
        &self,
        row: Held,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.release_slice(&[row], Some(until), now).await.map(|_| ())
    }

    async fn release_slice(
        &self,
        rows: &[Held],
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Vec<DeliveryId>, Error> {
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "UPDATE pending p SET claimed_by = 0, due_at = COALESCE($4::bigint, p.due_at) FROM ROWS FROM (\
                 json_array_elements_text($1::json), json_array_elements_text($2::json)) AS t(company_id, id) \
                 WHERE p.company_id = ANY(ARRAY[t.company_id::bigint]) AND p.id = t.id::bigint AND p.claimed_by + 0 = $3 RETURNING p.id"
        } else {
            "UPDATE pending SET claimed_by = 0, due_at = COALESCE($4, due_at) \
                 WHERE id IN (SELECT value FROM json_each($2)) AND claimed_by = $3 AND $1 <> '' RETURNING id"
        };
        let list = |pick: fn(&Held) -> i64| {
            serde_json::json!(rows.iter().map(pick).collect::<Vec<i64>>()).to_string()
        };
        let values: [Value; 4] = [
            list(|row| row.0.raw()).into(),
            list(|row| row.1.raw()).into(),
            self.incarnation().into(),
            until.map(micros).into(),
        ];
        let tx = self.begin().await?;
        let freed = tx.query_all_raw(self.statement(sql, values)).await?;
        let freed = freed
            .iter()
            .map(|row| Ok(DeliveryId::from_raw(row.try_get("", "id")?)))
            .collect::<Result<Vec<DeliveryId>, Error>>()?;
        let ids: HashSet<&DeliveryId> = freed.iter().collect();
        let mut endpoints: Vec<(EndpointId, CompanyId)> = rows
            .iter()
            .filter(|(_, delivery, _)| ids.contains(delivery))
            .map(|(company, _, endpoint)| (*endpoint, *company))
            .collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        for (endpoint, company) in endpoints {
            wake(&tx, company, endpoint, micros(until.unwrap_or(now))).await?;
        }
        tx.commit().await?;
        Ok(freed)
    }

    /// What people want of deliveries that this node holds: to be asked for a few times a second.
    pub async fn wishes(&self) -> Result<Vec<Wish>, Error> {
        let sql = "SELECT id, endpoint_id, 1 AS cancel FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 AND canceled = 1 \
            UNION ALL SELECT id, endpoint_id, 0 AS cancel FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 AND due_at = 0 AND canceled = 0";
        let values: [Value; 1] = [self.incarnation().into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let wish = |row: &sea_orm::QueryResult| {
            Ok(Wish {
                delivery: DeliveryId::from_raw(row.try_get("", "id")?),
                endpoint: EndpointId::from_raw(row.try_get("", "endpoint_id")?),
                cancel: row.try_get::<i32>("", "cancel")? != 0,
            })
        };
        rows.iter().map(wish).collect()
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
        let Pools::Postgres { pool } = &self.inner.pools else {
            return self.config_versions_read(companies).await;
        };
        if companies.is_empty() {
            return Ok(HashMap::new());
        }
        // Not behind those who read for people: what cannot be compared in time is read anew for each request.
        let pool = pool.get_postgres_connection_pool();
        let mut connection = self.inner.keeper.take(pool).await?;
        let ids: Vec<i64> = companies.iter().map(|company| company.raw()).collect();
        let query = sqlx::query_as(VERSIONS_POSTGRES).bind(serde_json::json!(ids).to_string());
        let rows: Vec<(i64, i64)> = query.fetch_all(&mut *connection).await?;
        connection.keep();
        Ok(rows.into_iter().map(|(id, version)| (CompanyId::from_raw(id), version)).collect())
    }

    /// The same, over a connection like everybody's. A request that waits holds little memory for it.
    pub(crate) async fn config_versions_read(
        &self,
        companies: &[CompanyId],
    ) -> Result<HashMap<CompanyId, i64>, Error> {
        if companies.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = if self.backend() == DatabaseBackend::Postgres {
            VERSIONS_POSTGRES
        } else {
            "SELECT id, config_version FROM companies WHERE id IN (SELECT value FROM json_each($1))"
        };
        let ids: Vec<i64> = companies.iter().map(|company| company.raw()).collect();
        let values: [Value; 1] = [serde_json::json!(ids).to_string().into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let version = |row: &sea_orm::QueryResult| {
            Ok((CompanyId::from_raw(row.try_get("", "id")?), row.try_get("", "config_version")?))
        };
        rows.iter().map(version).collect()
    }

    /// Takes lanes that nobody owns, at most `limit`. Gives them.
    pub async fn adopt_lanes(&self, limit: u32) -> Result<Vec<EndpointId>, Error> {
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "WITH free AS MATERIALIZED (SELECT endpoint_id FROM lanes WHERE owner = 0 LIMIT $2 \
                 FOR UPDATE SKIP LOCKED) UPDATE lanes SET owner = $1, version = version + 1 \
                 FROM free WHERE lanes.endpoint_id = free.endpoint_id RETURNING lanes.endpoint_id"
        } else {
            "UPDATE lanes SET owner = $1, version = version + 1 WHERE endpoint_id IN \
                 (SELECT endpoint_id FROM lanes WHERE owner = 0 LIMIT $2) RETURNING endpoint_id"
        };
        let values: [Value; 2] = [self.incarnation().into(), i64::from(limit).into()];
        let rows = self.inner.pools.write().query_all_raw(self.statement(sql, values)).await?;
        rows.iter().map(|row| Ok(EndpointId::from_raw(row.try_get("", "endpoint_id")?))).collect()
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

    /// Leaves a lane to whoever takes it next; called once nothing of it is in flight. Whoever takes
    /// one that has a rate does not know what was sent in the last second.
    pub async fn give_lane(&self, endpoint: EndpointId, now: DateTime<Utc>) -> Result<(), Error> {
        const SQL: &str = concat!(
            "UPDATE lanes SET owner = 0, version = version + 1, rest_until = COALESCE((SELECT CAST($3 AS BIGINT) \
             FROM endpoints e WHERE e.id = lanes.endpoint_id AND ",
            is_restrained!(),
            "), rest_until) WHERE endpoint_id = $1 AND owner = $2"
        );
        let rest = micros(now + RATE_SPAN);
        let values: [Value; 3] = [endpoint.raw().into(), self.incarnation().into(), rest.into()];
        self.inner.pools.write().execute_raw(self.statement(SQL, values)).await?;
        Ok(())
    }

    /// Removes the lane of an endpoint with nothing wrong and nothing waiting; that of a restrained
    /// one stays. Its version is read first: whoever adds a row for the lane raises it, and then it
    /// stays.
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
        const SQL: &str = concat!(
            "DELETE FROM lanes WHERE endpoint_id = $1 AND owner = $2 AND version = $3 AND NOT EXISTS \
             (SELECT 1 FROM endpoints e WHERE e.id = $1 AND e.deleted_at IS NULL AND ",
            is_restrained!(),
            ")"
        );
        let values: [Value; 3] = [endpoint.raw().into(), me.into(), version.into()];
        let done = self.inner.pools.write().execute_raw(self.statement(SQL, values)).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives back what a dead node had claimed, a slice at a time. Gives whether there may be more.
    pub async fn free_claims_of(&self, dead: i64, now: DateTime<Utc>) -> Result<bool, Error> {
        self.free_claims(dead, Rest::LONG, now).await
    }

    /// The same, where what the node had under way is over or lasts as long as `rest` says.
    pub(crate) async fn free_claims(
        &self,
        dead: i64,
        rest: Rest,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "WITH held AS MATERIALIZED (SELECT company_id, id FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 \
                 LIMIT $2 FOR UPDATE SKIP LOCKED) UPDATE pending p SET claimed_by = 0 FROM held \
                 WHERE p.company_id = ANY(ARRAY[held.company_id]) AND p.id = held.id RETURNING p.endpoint_id, p.company_id"
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
        let others =
            "SELECT 1 AS one FROM pending WHERE claimed_by = $1 AND claimed_by <> 0 LIMIT 1";
        let values: [Value; 1] = [dead.into()];
        let more = tx.query_one_raw(self.statement(others, values)).await?.is_some();
        endpoints.sort_unstable();
        endpoints.dedup();
        for (endpoint, company) in endpoints {
            let (endpoint, company) =
                (EndpointId::from_raw(endpoint), CompanyId::from_raw(company));
            wake(&tx, company, endpoint, micros(now)).await?;
        }
        tx.commit().await?;
        if !more {
            self.forget_node(dead, rest, now).await?;
        }
        Ok(more)
    }

    /// Leaves a dead node's lanes to whoever takes them, and forgets it. In a transaction of its own,
    /// which locks lanes in the order of their endpoints as everybody does.
    async fn forget_node(&self, dead: i64, rest: Rest, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        let values: [Value; 1] = [dead.into()];
        if self.backend() == DatabaseBackend::Postgres {
            let sql =
                "SELECT endpoint_id FROM lanes WHERE owner = $1 ORDER BY endpoint_id FOR UPDATE";
            tx.query_all_raw(self.statement(sql, values.clone())).await?;
        }
        self.leave_lanes(&tx, rest, dead..=dead, now).await?;
        for sql in [
            // Before its mails and jobs are freed: from now on it claims none.
            "DELETE FROM nodes WHERE incarnation = $1",
            "UPDATE mail_outbox SET claimed_by = 0 WHERE claimed_by = $1 AND state = 'queued'",
            "UPDATE jobs SET claimed_by = 0 WHERE claimed_by = $1 AND state = 'running'",
        ] {
            tx.execute_raw(self.statement(sql, values.clone())).await?;
        }
        tx.commit().await.map_err(Error::from)
    }

    /// Incarnations that hold rows, lanes, mails or jobs and are not among the nodes: what a transaction wrote
    /// that committed after its node had been taken for dead.
    pub async fn stray_incarnations(&self) -> Result<Vec<i64>, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(Vec::new());
        }
        let sql = "WITH RECURSIVE holders(holder) AS (\
            (SELECT claimed_by FROM pending WHERE claimed_by <> 0 ORDER BY claimed_by LIMIT 1) UNION ALL \
            SELECT (SELECT p.claimed_by FROM pending p WHERE p.claimed_by <> 0 AND p.claimed_by > h.holder \
            ORDER BY p.claimed_by LIMIT 1) FROM holders h WHERE h.holder IS NOT NULL) \
            SELECT holder FROM (SELECT holder FROM holders WHERE holder IS NOT NULL \
            UNION SELECT owner FROM lanes WHERE owner <> 0 \
            UNION SELECT claimed_by FROM mail_outbox WHERE state = 'queued' AND claimed_by <> 0 \
            UNION SELECT claimed_by FROM jobs WHERE state = 'running' AND claimed_by <> 0) x \
            WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.incarnation = x.holder)";
        let rows = self.inner.pools.write().query_all_raw(self.statement(sql, [])).await?;
        rows.iter().map(|row| Ok(row.try_get("", "holder")?)).collect()
    }

    /// Says that this node is stopping, so that others take its share of the lanes, and leaves them
    /// all but those of endpoints to which something is in flight.
    pub async fn begin_leaving(
        &self,
        busy: &[EndpointId],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let me = self.incarnation();
        let values: [Value; 1] = [me.into()];
        let sql = "UPDATE nodes SET stopping = 1 WHERE incarnation = $1";
        self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        let busy: HashSet<i64> = busy.iter().map(|endpoint| endpoint.raw()).collect();
        for endpoint in self.own_lanes(LEAVING_LANES_MAX).await? {
            if !busy.contains(&endpoint.raw()) {
                self.give_lane(endpoint, now).await?;
            }
        }
        Ok(())
    }

    /// Frees whatever earlier incarnations held, at the start of the only node of a SQLite file.
    pub async fn free_all_claims(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        // Its process is dead, and with it all that it had under way.
        self.leave_lanes(&tx, Rest::SHORT, 1..=i64::MAX, now).await?;
        for sql in [
            "UPDATE pending SET claimed_by = 0 WHERE claimed_by <> 0",
            "UPDATE mail_outbox SET claimed_by = 0 WHERE claimed_by <> 0 AND state = 'queued'",
            "UPDATE jobs SET claimed_by = 0 WHERE claimed_by <> 0 AND state = 'running'",
            "DELETE FROM nodes",
        ] {
            tx.execute_raw(self.statement(sql, [])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes lanes for endpoints that have something waiting and no lane that is due in time, where anything
    /// is sent to them. There should be none such; after a crash at a bad moment there are.
    pub async fn mend_lanes(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let values: [Value; 1] = [micros(now + PUT_OFF_MAX).into()];
        let rows = self.reader().query_all_raw(self.statement(MISSING_LANES, values)).await?;
        for row in &rows {
            let (endpoint, company): (i64, i64) =
                (row.try_get("", "id")?, row.try_get("", "company_id")?);
            let (id, company) = (EndpointId::from_raw(endpoint), CompanyId::from_raw(company));
            let tx = self.begin().await?;
            wake(&tx, company, id, micros(now)).await?;
            tx.commit().await?;
        }
        Ok(rows.len() as u64)
    }

    /// Until when these endpoints are not sent to because a receiver asked for it; those that are sent to are
    /// left out.
    pub async fn holds(
        &self,
        endpoints: &[EndpointId],
        now: DateTime<Utc>,
    ) -> Result<HashMap<EndpointId, DateTime<Utc>>, Error> {
        if endpoints.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new("SELECT endpoint_id, hold_until FROM lanes WHERE hold_until > ");
        sql.bind(micros(now)).text(" AND endpoint_id IN (");
        sql.list(endpoints.iter().map(|endpoint| endpoint.raw())).text(")");
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let hold = |row: &sea_orm::QueryResult| {
            let endpoint = EndpointId::from_raw(row.try_get("", "endpoint_id")?);
            Ok((endpoint, from_micros(row.try_get("", "hold_until")?)))
        };
        rows.iter().map(hold).collect()
    }

    /// Which of these endpoints have something that waits and that no node holds.
    pub async fn have_waiting(
        &self,
        endpoints: &[EndpointId],
    ) -> Result<HashSet<EndpointId>, Error> {
        let mut sql = Sql::new("SELECT e.id FROM endpoints e WHERE e.id IN (");
        sql.list(endpoints.iter().map(|endpoint| endpoint.raw())).text(
            ") AND EXISTS (SELECT 1 FROM pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0)",
        );
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        rows.iter().map(|row| Ok(EndpointId::from_raw(row.try_get("", "id")?))).collect()
    }
}
