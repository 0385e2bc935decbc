//! `/stats/overview` and `/endpoints/{id}/stats`: how attempts went, and what waits.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::{AnsweredCount, Stats, StatsPoint, Waiting};
use utoipa::ToSchema;

use super::endpoint_of;
use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::{json, to_microseconds};
use crate::schema::StatsParams;
use crate::serve::Shared;

/// What is looked at where the caller does not say.
const SINCE: TimeDelta = TimeDelta::hours(24);
/// The longest time that is looked at.
const SINCE_MAX: TimeDelta = TimeDelta::days(366);

/// How attempts went over a time, and what waits now.
#[derive(Debug, Serialize, ToSchema)]
struct StatsView {
    /// From when on, at the beginning of a step.
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    attempts: u64,
    succeeded: u64,
    failed: u64,
    /// From 0 to 1; null where there were no attempts.
    success_rate: Option<f64>,
    /// Half of the attempts took no longer, in milliseconds, read off a histogram.
    p50_ms: Option<f64>,
    /// Nineteen of twenty attempts took no longer.
    p95_ms: Option<f64>,
    answers: Vec<AnswerView>,
    /// The width of a step of `points`, in seconds.
    step_seconds: i64,
    /// Steps in which there were attempts.
    points: Vec<PointView>,
    waiting: WaitingView,
}

/// What came back how often.
#[derive(Debug, Serialize, ToSchema)]
struct AnswerView {
    /// The status; null where there was no answer.
    status_code: Option<u16>,
    /// Why there was no answer.
    error_kind: Option<&'static str>,
    success: bool,
    attempts: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct PointView {
    began_at: DateTime<Utc>,
    succeeded: u64,
    failed: u64,
}

/// What waits now: for its turn, its next retry, or its answer.
#[derive(Debug, Serialize, ToSchema)]
struct WaitingView {
    /// How many deliveries; counted up to 10,000.
    count: u32,
    /// Whether there are more than were counted.
    more: bool,
    /// When the oldest was made; null where nothing waits or not all were counted.
    oldest_created_at: Option<DateTime<Utc>>,
}

impl StatsView {
    fn of(stats: Stats, waiting: Waiting, until: DateTime<Utc>) -> Self {
        let (attempts, succeeded) = (stats.attempts(), stats.succeeded());
        let Stats { since, step, points, answers, latencies } = stats;
        let rate = succeeded as f64 / attempts.max(1) as f64;
        Self {
            since,
            until: to_microseconds(until),
            attempts,
            succeeded,
            failed: attempts - succeeded,
            success_rate: (attempts > 0).then_some(rate),
            p50_ms: latencies.quantile_ms(0.5),
            p95_ms: latencies.quantile_ms(0.95),
            answers: answers.into_iter().map(AnswerView::of).collect(),
            step_seconds: step.num_seconds(),
            points: points.into_iter().map(PointView::of).collect(),
            waiting: WaitingView::of(waiting),
        }
    }
}

impl AnswerView {
    fn of(count: AnsweredCount) -> Self {
        let AnsweredCount { answered, success, attempts } = count;
        let error_kind = answered.kind().map(domain::outcome::ErrorKind::as_str);
        Self { status_code: answered.status(), error_kind, success, attempts }
    }
}

impl PointView {
    fn of(point: StatsPoint) -> Self {
        let StatsPoint { began_at, succeeded, failed } = point;
        Self { began_at, succeeded, failed }
    }
}

impl WaitingView {
    fn of(waiting: Waiting) -> Self {
        let Waiting { count, oldest } = waiting;
        let more = count > store::WAITING_COUNT_MAX;
        Self { count: count.min(store::WAITING_COUNT_MAX), more, oldest_created_at: oldest }
    }
}

fn since(query: &mut Query, now: DateTime<Utc>) -> DateTime<Utc> {
    query.time("since").unwrap_or(now - SINCE).clamp(now - SINCE_MAX, now)
}

/// How one endpoint's attempts went, and what waits for it.
#[utoipa::path(get, path = "/api/v1/endpoints/{id}/stats", tag = "Stats", params(StatsParams), responses((status = 200, description = "Counts, latencies and what waits.", body = StatsView)))]
pub async fn get_endpoint_stats(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let mut query = Query::of(&req);
    let since = since(&mut query, now);
    query.finish()?;
    let id = endpoint_of(&req, &shared, company).await?;
    let store = &shared.state.store;
    store.endpoint(company, id).await?;
    let stats = store.stats(company, Some(id), since, now).await?;
    let waiting = store.waiting(company, Some(id)).await?;
    json(StatusCode::OK, &StatsView::of(stats, waiting, now))
}

/// How all of the company's attempts went, and what waits; with its endpoints by status.
#[utoipa::path(get, path = "/api/v1/stats/overview", tag = "Stats", params(StatsParams), responses((status = 200, description = "Counts, latencies, what waits, endpoints by status.", body = OverviewView)))]
pub async fn get_stats_overview(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let mut query = Query::of(&req);
    let since = since(&mut query, now);
    query.finish()?;
    let store = &shared.state.store;
    let stats = store.stats(company, None, since, now).await?;
    let waiting = store.waiting(company, None).await?;
    let endpoints = store.endpoint_statuses(company).await?;
    let endpoints = endpoints.into_iter().map(|(status, count)| (status.as_str(), count)).collect();
    let overview = OverviewView { stats: StatsView::of(stats, waiting, now), endpoints };
    json(StatusCode::OK, &overview)
}

/// A company at a glance.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewView {
    stats: StatsView,
    /// How many endpoints there are of each status.
    #[schema(value_type = BTreeMap<String, u64>)]
    endpoints: BTreeMap<&'static str, u64>,
}
