//! Counts of attempts as they are asked for: of a company, of an endpoint, over time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::Status;
use domain::id::{CompanyId, EndpointId};
use domain::stats::{Answered, BUCKETS, Latencies};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, Statement, Value,
};

use crate::entity::endpoint;
use crate::rows::endpoint::state_of;
use crate::stats::{ALL_ENDPOINTS, HOUR, MINUTE, MINUTES_KEPT};
use crate::stats_endpoints::{Stretch, stretches};
use crate::time::{from_micros, micros};
use crate::{Error, Store};

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
    /// When the row began in which the last one was counted: a minute, or an hour.
    pub last: DateTime<Utc>,
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
        let mut stats = Stats::new(from_micros(since), TimeDelta::seconds(step));
        // Hours and the minutes after them share no time, so that they need not be of one moment.
        for Stretch { grain, from, to } in stretches(since, step, now) {
            let values: [Value; 5] =
                [company.raw().into(), endpoint.into(), grain.into(), from.into(), to.into()];
            let statement = Statement::from_sql_and_values(self.backend(), &sql, values);
            for row in &self.reader().query_all_raw(statement).await? {
                let attempts = stats.add_answer(row)?;
                stats.add_point(row, attempts)?;
            }
        }
        stats.sort_answers();
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
}

/// The sums of all buckets of latency.
pub(crate) fn latency_sums() -> String {
    let sums: Vec<String> =
        (0..BUCKETS).map(|bucket| format!("CAST(sum(l{bucket}) AS BIGINT) AS l{bucket}")).collect();
    sums.join(", ")
}

/// Counts of a company and endpoint in steps of so many microseconds.
pub(crate) fn stats_sql(width: i64) -> String {
    let sums = latency_sums();
    format!(
        "SELECT (began_at - began_at % {width}) AS step, code, success, max(began_at) AS last, {sums} \
         FROM stats WHERE company_id = $1 AND endpoint_id = $2 AND grain = $3 AND began_at >= $4 AND began_at < $5 \
         GROUP BY (began_at - began_at % {width}), code, success ORDER BY 1, 2, 3"
    )
}

impl Stats {
    /// Without any attempts.
    pub(crate) fn new(since: DateTime<Utc>, step: TimeDelta) -> Self {
        let (points, answers) = (Vec::new(), Vec::new());
        Self { since, step, points, answers, latencies: Latencies::default() }
    }

    /// Attempts in all.
    pub fn attempts(&self) -> u64 {
        self.latencies.total()
    }

    /// Attempts that succeeded.
    pub fn succeeded(&self) -> u64 {
        self.points.iter().map(|point| point.succeeded).sum()
    }

    /// Most first.
    pub(crate) fn sort_answers(&mut self) {
        self.answers.sort_by_key(|count| std::cmp::Reverse(count.attempts));
    }

    /// Counts attempts in their step. Rows come in the order of time.
    pub(crate) fn add_point(&mut self, row: &QueryResult, attempts: u64) -> Result<(), Error> {
        let success = row.try_get::<i64>("", "success")? != 0;
        let began_at = from_micros(row.try_get("", "step")?);
        if self.points.last().is_none_or(|point| point.began_at != began_at) {
            self.points.push(StatsPoint { began_at, succeeded: 0, failed: 0 });
        }
        if let Some(point) = self.points.last_mut() {
            *(if success { &mut point.succeeded } else { &mut point.failed }) += attempts;
        }
        Ok(())
    }

    /// Counts attempts by what came back and by how long they took, and gives how many they are.
    pub(crate) fn add_answer(&mut self, row: &QueryResult) -> Result<u64, Error> {
        let number = |column: &str| row.try_get::<i64>("", column);
        let mut latencies = Latencies::default();
        for (bucket, count) in latencies.0.iter_mut().enumerate() {
            *count = number(&format!("l{bucket}"))?.unsigned_abs();
        }
        let attempts = latencies.total();
        let (success, last) = (number("success")? != 0, from_micros(number("last")?));
        if let Some(answered) = Answered::from_number(number("code")?) {
            let same =
                |count: &&mut AnsweredCount| count.answered == answered && count.success == success;
            match self.answers.iter_mut().find(same) {
                Some(count) => {
                    count.attempts += attempts;
                    count.last = count.last.max(last);
                }
                None => self.answers.push(AnsweredCount { answered, success, attempts, last }),
            }
        }
        self.latencies.add(&latencies);
        Ok(attempts)
    }
}
