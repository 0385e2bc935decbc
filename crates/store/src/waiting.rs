//! What waits: for a company, and for each of its endpoints with when it is tried next. Nothing here
//! grows with what waits beyond what is counted, nor with what has ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, DeliveryId, EndpointId};
use domain::stats::Upcoming;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement, Value};

use crate::lines_sql::Question;
use crate::rows::page::snapshot;
use crate::time::{NEVER, from_micros};
use crate::{Error, Store, WAITING_COUNT_MAX};

/// How many of the deliveries that nodes hold are looked at: about as many as one holds at most.
const CLAIMED_LOOKED_AT: u32 = 50_000;
/// How many deliveries are counted for endpoints that are looked at together, each at least as many as
/// [`COUNTED_EACH_MIN`].
const COUNTED_TOGETHER: u32 = 200_000;
const COUNTED_EACH_MIN: u32 = 100;

/// What waits now: for its turn, its next retry, or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many deliveries, as far as they were counted.
    pub count: u32,
    /// Whether there are more.
    pub more: bool,
    /// When the oldest was made; `None` where not all were counted.
    pub oldest: Option<DateTime<Utc>>,
}

/// What waits for one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndpointWaiting {
    /// How much.
    pub waiting: Waiting,
    /// When it is tried next; `None` where nothing will be.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// Endpoints of a company whose ids lie between two, which count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndpointRange {
    pub(crate) company: CompanyId,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// What is found of an endpoint before it is put together.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    is_held: bool,
    first_due: Option<i64>,
    hold_until: Option<i64>,
    unclaimed: i64,
    claimed: i64,
    oldest: Option<i64>,
}

impl Store {
    /// What waits for all endpoints of a company.
    pub async fn waiting(&self, company: CompanyId) -> Result<Waiting, Error> {
        let values = std::iter::once(company.raw()).chain(self.held_max()).map(Value::from);
        let sql = waiting_sql(self.backend());
        let statement = Statement::from_sql_and_values(self.backend(), &sql, values);
        let row = self.reader().query_one_raw(statement).await?.ok_or(Error::NotFound)?;
        let waiting: i64 = row.try_get("", "waiting")?;
        Ok(Waiting::of(waiting, i64::from(WAITING_COUNT_MAX), row.try_get("", "oldest")?))
    }

    /// What waits for one endpoint, and when it is tried next.
    pub async fn waiting_for(
        &self,
        company: CompanyId,
        endpoint: EndpointId,
        now: DateTime<Utc>,
    ) -> Result<EndpointWaiting, Error> {
        let is_suspended = self.standing(company).await?.suspended_since.is_some();
        let held = self.held_max();
        let tx = snapshot(self.reader()).await?;
        let range = EndpointRange { company, first: endpoint.raw(), last: endpoint.raw() };
        let mut found = self.waiting_in(&tx, range, is_suspended, held, now).await?;
        found.remove(&endpoint.raw()).ok_or(Error::NotFound)
    }

    /// What waits for each endpoint of a range: probes of an index for each, then counts of those for which
    /// something does, the fewer of each the more there are. `held` is what [`Self::held_max`] gave before the
    /// snapshot began.
    pub(crate) async fn waiting_in(
        &self,
        tx: &DatabaseTransaction,
        range: EndpointRange,
        is_suspended: bool,
        held: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<HashMap<i64, EndpointWaiting>, Error> {
        let mut found: HashMap<i64, Found> = HashMap::new();
        for row in tx.query_all_raw(range.statement(tx, FIRST_DUE, &[])).await? {
            let is_enabled = row.try_get::<String>("", "switch")? == "enabled";
            let (first_due, hold_until) =
                (row.try_get("", "first_due")?, row.try_get("", "hold_until")?);
            let is_held = is_suspended || !is_enabled;
            let one = Found { is_held, first_due, hold_until, ..Found::default() };
            found.insert(row.try_get("", "id")?, one);
        }
        let waits = found.values().filter(|one| one.first_due.is_some()).count();
        let waits = u32::try_from(waits).unwrap_or(u32::MAX);
        let each = (COUNTED_TOGETHER / waits.max(1)).clamp(COUNTED_EACH_MIN, WAITING_COUNT_MAX);
        if waits > 0 {
            let limit = [i64::from(each) + 1];
            let sql = UNCLAIMED.on(tx.get_database_backend());
            for row in tx.query_all_raw(range.statement(tx, sql, &limit)).await? {
                if let Some(one) = found.get_mut(&row.try_get::<i64>("", "id")?) {
                    one.unclaimed = row.try_get("", "waiting")?;
                    one.oldest = row.try_get("", "oldest")?;
                }
            }
        }
        let held: Vec<i64> = held.max(self.held_max()).into_iter().collect();
        let sql = claimed_by_endpoint_sql(tx.get_database_backend());
        for row in tx.query_all_raw(range.statement(tx, &sql, &held)).await? {
            if let Some(one) = found.get_mut(&row.try_get::<i64>("", "endpoint_id")?) {
                one.claimed = row.try_get("", "waiting")?;
                let oldest: Option<i64> = row.try_get("", "oldest")?;
                one.oldest = one.oldest.into_iter().chain(oldest).min();
            }
        }
        Ok(found.into_iter().map(|(id, one)| (id, one.judged(each, now))).collect())
    }

    /// On SQLite, how many deliveries the one node holds at most, where it can say so: past as many it is no
    /// use to look on.
    pub(crate) fn held_max(&self) -> Option<i64> {
        let is_sqlite = self.backend() == DatabaseBackend::Sqlite;
        let looked_at = i64::from(CLAIMED_LOOKED_AT);
        let held = self.held().saturating_add(self.doubtful_rows());
        is_sqlite.then(|| i64::try_from(held).unwrap_or(looked_at).min(looked_at))
    }
}

impl Found {
    fn judged(self, counted: u32, now: DateTime<Utc>) -> EndpointWaiting {
        let Self { is_held, first_due, hold_until, unclaimed, claimed, oldest } = self;
        let counted = i64::from(counted);
        let is_cut = unclaimed > counted;
        let counted_max = if is_cut { counted + claimed } else { i64::from(WAITING_COUNT_MAX) };
        let waiting = Waiting::of(unclaimed + claimed, counted_max, oldest);
        let upcoming = Upcoming {
            is_held,
            is_in_hands: claimed > 0,
            first_due: first_due.filter(|due| *due < NEVER).map(from_micros),
            hold_until: hold_until.map(from_micros),
        };
        EndpointWaiting { waiting, next_attempt_at: upcoming.begins_at(now) }
    }
}

impl Waiting {
    /// So many were found, of which so many count.
    fn of(found: i64, counted_max: i64, oldest: Option<i64>) -> Self {
        let more = found > counted_max;
        let oldest = oldest.filter(|_| !more).map(|id| DeliveryId::from_raw(id).made_at());
        let count = u32::try_from(found.min(counted_max)).unwrap_or(u32::MAX);
        Self { count, more, oldest }
    }
}

impl EndpointRange {
    /// A statement whose first parameters are the company and the two ids.
    pub(crate) fn statement(
        self,
        tx: &DatabaseTransaction,
        sql: &str,
        others: &[i64],
    ) -> Statement {
        let Self { company, first, last } = self;
        let values = [company.raw(), first, last].into_iter().chain(others.iter().copied());
        Statement::from_sql_and_values(tx.get_database_backend(), sql, values.map(Value::from))
    }
}

/// What is due first of each endpoint, and until when a Retry-After holds it.
pub(crate) const FIRST_DUE: &str = "SELECT e.id, e.switch, \
    (SELECT p.due_at FROM pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0 \
    ORDER BY p.due_at LIMIT 1) AS first_due, \
    (SELECT l.hold_until FROM lanes l WHERE l.endpoint_id = e.id) AS hold_until \
    FROM endpoints e WHERE e.company_id = $1 AND e.id BETWEEN $2 AND $3 AND e.deleted_at IS NULL";

/// How much waits unclaimed for each endpoint, and its oldest.
pub(crate) const UNCLAIMED: Question = Question {
    postgres: "SELECT e.id, w.waiting, w.oldest FROM endpoints e \
        CROSS JOIN LATERAL (SELECT count(*) AS waiting, min(c.id) AS oldest FROM (SELECT p.id FROM pending p \
        WHERE p.endpoint_id = e.id AND p.claimed_by = 0 LIMIT $4) c) w \
        WHERE e.company_id = $1 AND e.id BETWEEN $2 AND $3 AND e.deleted_at IS NULL",
    // It has no LATERAL.
    sqlite: "SELECT e.id, \
        (SELECT count(*) FROM (SELECT p.id FROM pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0 \
        LIMIT $4) c) AS waiting, \
        (SELECT min(o.id) FROM (SELECT p.id FROM pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0 \
        LIMIT $4) o) AS oldest \
        FROM endpoints e WHERE e.company_id = $1 AND e.id BETWEEN $2 AND $3 AND e.deleted_at IS NULL",
};

/// What nodes hold, of all companies, as far as it is looked at. On SQLite the parameter says how much that is
/// at most.
fn claimed_sql(backend: DatabaseBackend, held: &str) -> String {
    let columns = "id, company_id, endpoint_id, claimed_by";
    if backend == DatabaseBackend::Postgres {
        format!(
            "SELECT {columns} FROM pending WHERE claimed_by <> 0 ORDER BY claimed_by, id \
             LIMIT {CLAIMED_LOOKED_AT}"
        )
    } else {
        // What is claimed has no index there; nearly all of it is what came last.
        format!(
            "SELECT {columns} FROM (SELECT {columns} FROM pending ORDER BY id DESC LIMIT {CLAIMED_LOOKED_AT}) \
             WHERE claimed_by <> 0 LIMIT {held}"
        )
    }
}

fn claimed_by_endpoint_sql(backend: DatabaseBackend) -> String {
    format!(
        "SELECT c.endpoint_id, count(*) AS waiting, min(c.id) AS oldest FROM ({}) c \
         WHERE c.claimed_by <> 0 AND c.company_id = $1 AND c.endpoint_id BETWEEN $2 AND $3 \
         GROUP BY c.endpoint_id",
        claimed_sql(backend, "$4")
    )
}

/// What waits for a company: what nobody holds by way of its endpoints, whose waiting deliveries have an
/// index, and what nodes hold among all that they hold, which their memory bounds. By way of all that
/// waits, a company for which nothing does would cost as much as a million that wait for its neighbour.
pub(crate) fn waiting_sql(backend: DatabaseBackend) -> String {
    let limit = WAITING_COUNT_MAX + 1;
    let unclaimed = if backend == DatabaseBackend::Postgres {
        format!(
            "CROSS JOIN LATERAL (SELECT w.id FROM pending w WHERE w.endpoint_id = e.id \
             AND w.claimed_by = 0 LIMIT {limit}) p WHERE true"
        )
    } else {
        "CROSS JOIN pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0".to_owned()
    };
    let claimed = claimed_sql(backend, "$2");
    format!(
        "SELECT count(*) AS waiting, min(id) AS oldest FROM (SELECT id FROM (\
         SELECT p.id FROM endpoints e {unclaimed} AND e.company_id = $1 LIMIT {limit}) u \
         UNION ALL SELECT c.id FROM ({claimed}) c WHERE c.claimed_by <> 0 AND c.company_id = $1) w"
    )
}
