//! Counts of attempts as they are asked for: of a company, of an endpoint, over time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::Status;
use domain::id::{CompanyId, EndpointId};
use domain::stats::{Answered, BUCKETS, Latencies};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryResult,
    Statement, Value,
};

use crate::entity::endpoint;
use crate::rows::endpoint::state_of;
use crate::stats::{ALL_ENDPOINTS, HOUR, MINUTE, MINUTES_KEPT};
use crate::time::{from_micros, micros};
use crate::{Error, Store, WAITING_COUNT_MAX};

/// Widths of the steps of a series, in seconds.
const STEPS: [i64; 7] = [60, 300, 600, 1_800, 3_600, 21_600, 86_400];
/// A series has about so many points at most.
const POINTS_MAX: i64 = 150;

/// What came back how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnsweredCount {
    /// What came back.
    pub answered: Answered,
    /// Whether it counted as success.
    pub success: bool,
    /// How often.
    pub attempts: u64,
}

/// The attempts of one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsPoint {
    /// When the step begins.
    pub began_at: DateTime<Utc>,
    /// Attempts that succeeded.
    pub succeeded: u64,
    /// Attempts that failed.
    pub failed: u64,
}

/// How attempts went over a time.
#[derive(Debug, Clone)]
pub struct Stats {
    /// From when on, at the beginning of a step.
    pub since: DateTime<Utc>,
    /// The width of a step.
    pub step: TimeDelta,
    /// Steps in which there were attempts, in their order.
    pub points: Vec<StatsPoint>,
    /// By what came back, most first.
    pub answers: Vec<AnsweredCount>,
    /// How long attempts took.
    pub latencies: Latencies,
}

/// How many of the deliveries that nodes hold are looked at: about as many as one holds at most.
const CLAIMED_LOOKED_AT: u32 = 50_000;

/// What waits now: for its turn, its next retry, or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many deliveries; more than [`WAITING_COUNT_MAX`] stands for any number beyond it.
    pub count: u32,
    /// When the oldest was made; `None` where not all were counted.
    pub oldest: Option<DateTime<Utc>>,
}

impl Store {
    /// How the attempts of a company went since then, to one endpoint or to all.
    pub async fn stats(
        &self,
        company: CompanyId,
        endpoint: Option<EndpointId>,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Stats, Error> {
        let grain = if now - since < MINUTES_KEPT { MINUTE } else { HOUR };
        let wide = (now - since).num_seconds() / POINTS_MAX;
        let step = STEPS.into_iter().find(|step| *step >= wide.max(grain)).unwrap_or(STEPS[6]);
        let width = step * 1_000_000;
        let since = micros(since).div_euclid(width) * width;
        let sql = stats_sql(width);
        let endpoint = endpoint.map_or(ALL_ENDPOINTS, EndpointId::raw);
        let values: [Value; 4] =
            [company.raw().into(), endpoint.into(), grain.into(), since.into()];
        let statement = Statement::from_sql_and_values(self.backend(), &sql, values);
        let rows = self.reader().query_all_raw(statement).await?;
        let mut stats = Stats {
            since: from_micros(since),
            step: TimeDelta::seconds(step),
            points: Vec::new(),
            answers: Vec::new(),
            latencies: Latencies::default(),
        };
        for row in &rows {
            stats.add(row)?;
        }
        stats.answers.sort_by_key(|count| std::cmp::Reverse(count.attempts));
        Ok(stats)
    }

    /// How many endpoints of a company there are of each status; those that are deleted do not count.
    pub async fn endpoint_statuses(&self, company: CompanyId) -> Result<Vec<(Status, u64)>, Error> {
        let rows = endpoint::Entity::find()
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::DeletedAt.is_null())
            .all(self.reader())
            .await?;
        let mut counts =
            [Status::Enabled, Status::Paused, Status::Disabled, Status::Defective].map(|s| (s, 0));
        for row in &rows {
            let status = state_of(row)?.status();
            if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == status) {
                *count += 1;
            }
        }
        Ok(counts.into())
    }

    /// What waits for an endpoint, or for all of a company's.
    pub async fn waiting(
        &self,
        company: CompanyId,
        endpoint: Option<EndpointId>,
    ) -> Result<Waiting, Error> {
        let sql = waiting_sql(self.backend(), endpoint.is_some());
        let values: [Value; 2] =
            [company.raw().into(), endpoint.map_or(ALL_ENDPOINTS, EndpointId::raw).into()];
        let statement = Statement::from_sql_and_values(self.backend(), &sql, values);
        let row = self.reader().query_one_raw(statement).await?.ok_or(Error::NotFound)?;
        let waiting: i64 = row.try_get("", "waiting")?;
        let oldest: Option<i64> = row.try_get("", "oldest")?;
        let count = u32::try_from(waiting).unwrap_or(u32::MAX);
        let oldest = oldest.filter(|_| count <= WAITING_COUNT_MAX);
        let oldest = oldest.map(|id| domain::id::DeliveryId::from_raw(id).made_at());
        Ok(Waiting { count, oldest })
    }
}

/// Counts of a company and endpoint in steps of so many microseconds.
pub(crate) fn stats_sql(width: i64) -> String {
    let sums: Vec<String> =
        (0..BUCKETS).map(|bucket| format!("CAST(sum(l{bucket}) AS BIGINT) AS l{bucket}")).collect();
    format!(
        "SELECT (began_at - began_at % {width}) AS step, code, success, {} FROM stats \
         WHERE company_id = $1 AND endpoint_id = $2 AND grain = $3 AND began_at >= $4 \
         GROUP BY (began_at - began_at % {width}), code, success ORDER BY 1, 2, 3",
        sums.join(", ")
    )
}

/// What waits for a company, or for one endpoint of it: what nobody holds by way of its endpoints, whose
/// waiting deliveries have an index, and what nodes hold among all that they hold, which their memory
/// bounds. By way of all that waits, an endpoint for which nothing does would cost as much as a million
/// that wait for its neighbour.
pub(crate) fn waiting_sql(backend: DatabaseBackend, of_endpoint: bool) -> String {
    let limit = WAITING_COUNT_MAX + 1;
    let of_endpoint = if of_endpoint { "= $2" } else { "<> $2" };
    let (unclaimed, claimed) = if backend == DatabaseBackend::Postgres {
        let unclaimed = format!(
            "CROSS JOIN LATERAL (SELECT w.id FROM pending w WHERE w.endpoint_id = e.id \
             AND w.claimed_by = 0 LIMIT {limit}) p WHERE true"
        );
        let claimed =
            "SELECT id, company_id, endpoint_id, claimed_by FROM pending WHERE claimed_by <> 0";
        (unclaimed, format!("{claimed} ORDER BY claimed_by, id LIMIT {CLAIMED_LOOKED_AT}"))
    } else {
        // What is claimed has no index there; nearly all of it is what came last.
        let unclaimed = "CROSS JOIN pending p WHERE p.endpoint_id = e.id AND p.claimed_by = 0";
        let newest = "SELECT id, company_id, endpoint_id, claimed_by FROM pending ORDER BY id DESC";
        (unclaimed.to_owned(), format!("{newest} LIMIT {CLAIMED_LOOKED_AT}"))
    };
    format!(
        "SELECT count(*) AS waiting, min(id) AS oldest FROM (SELECT id FROM (\
         SELECT p.id FROM endpoints e {unclaimed} AND e.company_id = $1 AND e.id {of_endpoint} LIMIT {limit}) u \
         UNION ALL SELECT c.id FROM ({claimed}) c WHERE c.claimed_by <> 0 AND c.company_id = $1 \
         AND c.endpoint_id {of_endpoint}) w"
    )
}

impl Stats {
    /// Attempts in all.
    pub fn attempts(&self) -> u64 {
        self.latencies.total()
    }

    /// Attempts that succeeded.
    pub fn succeeded(&self) -> u64 {
        self.points.iter().map(|point| point.succeeded).sum()
    }

    fn add(&mut self, row: &QueryResult) -> Result<(), Error> {
        let number = |column: &str| row.try_get::<i64>("", column);
        let mut latencies = Latencies::default();
        for (bucket, count) in latencies.0.iter_mut().enumerate() {
            *count = number(&format!("l{bucket}"))?.unsigned_abs();
        }
        let attempts = latencies.total();
        let success = number("success")? != 0;
        let began_at = from_micros(number("step")?);
        if self.points.last().is_none_or(|point| point.began_at != began_at) {
            self.points.push(StatsPoint { began_at, succeeded: 0, failed: 0 });
        }
        if let Some(point) = self.points.last_mut() {
            *(if success { &mut point.succeeded } else { &mut point.failed }) += attempts;
        }
        if let Some(answered) = Answered::from_number(number("code")?) {
            let same =
                |count: &&mut AnsweredCount| count.answered == answered && count.success == success;
            match self.answers.iter_mut().find(same) {
                Some(count) => count.attempts += attempts,
                None => self.answers.push(AnsweredCount { answered, success, attempts }),
            }
        }
        self.latencies.add(&latencies);
        Ok(())
    }
}
