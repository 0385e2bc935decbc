//! `/stats/overview`, `/stats/endpoints` and `/endpoints/{id}/stats`: how attempts went, and what waits.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::EndpointId;
use serde::Serialize;
use store::{
    AnsweredCount, EndpointStats, EndpointWaiting, EndpointsStats, STATS_ENDPOINTS_MAX,
    STATS_ENDPOINTS_SPAN_MAX, Stats, StatsPoint, Waiting,
};
use utoipa::ToSchema;

use super::endpoint_of;
use crate::auth;
use crate::error::ApiError;
use crate::query::{Query, write_cursor};
use crate::respond::{json, to_microseconds};
use crate::schema::{EndpointsStatsParams, StatsParams, ids};
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
    /// When the endpoint is tried next, at the earliest; null where nothing waits or nothing is sent, and
    /// where this is about all endpoints.
    next_attempt_at: Option<DateTime<Utc>>,
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
    /// In which minute the last one was; where hours were counted, in which hour.
    last_at: DateTime<Utc>,
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
    /// How many deliveries; counted up to 10,000, fewer of each where many endpoints are asked for.
    count: u32,
    /// Whether there are more than were counted.
    more: bool,
    /// When the oldest was made; null where nothing waits or not all were counted.
    oldest_created_at: Option<DateTime<Utc>>,
}

impl StatsView {
    fn of(
        stats: Stats,
        waiting: Waiting,
        next_attempt_at: Option<DateTime<Utc>>,
        until: DateTime<Utc>,
    ) -> Self {
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
            next_attempt_at: next_attempt_at.map(to_microseconds),
        }
    }
}

impl AnswerView {
    fn of(count: AnsweredCount) -> Self {
        let AnsweredCount { answered, success, attempts, last } = count;
        let error_kind = answered.kind().map(domain::outcome::ErrorKind::as_str);
        Self { status_code: answered.status(), error_kind, success, attempts, last_at: last }
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
        let Waiting { count, more, oldest } = waiting;
        Self { count, more, oldest_created_at: oldest }
    }
}

fn since(query: &mut Query, now: DateTime<Utc>) -> DateTime<Utc> {
    query.time("since").unwrap_or(now - SINCE).clamp(now - SINCE_MAX, now)
}

/// How one endpoint's attempts went, what waits for it, and when it is tried next.
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
    let EndpointWaiting { waiting, next_attempt_at } = store.waiting_for(company, id, now).await?;
    json(StatusCode::OK, &StatsView::of(stats, waiting, next_attempt_at, now))
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
    let waiting = store.waiting(company).await?;
    let endpoints = store.endpoint_statuses(company).await?;
    let endpoints = endpoints.into_iter().map(|(status, count)| (status.as_str(), count)).collect();
    let overview = OverviewView { stats: StatsView::of(stats, waiting, None, now), endpoints };
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

/// How the attempts of every endpoint went, one by one.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointsStatsView {
    /// From when on, at the beginning of a step.
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    /// The width of a step of `points`, in seconds; about 24 of them make the time.
    step_seconds: i64,
    data: Vec<EndpointStatsView>,
    next_cursor: Option<String>,
}

/// How the attempts of one endpoint went, and what waits for it.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointStatsView {
    #[schema(value_type = ids::EndpointIdText)]
    endpoint_id: EndpointId,
    attempts: u64,
    succeeded: u64,
    failed: u64,
    /// From 0 to 1; null where there were no attempts.
    success_rate: Option<f64>,
    /// Half of the attempts took no longer, in milliseconds, read off a histogram.
    p50_ms: Option<f64>,
    /// Nineteen of twenty attempts took no longer.
    p95_ms: Option<f64>,
    /// What came back, most first.
    answers: Vec<AnswerView>,
    /// Steps in which there were attempts.
    points: Vec<PointView>,
    waiting: WaitingView,
    /// When it is tried next, at the earliest; null where nothing waits or nothing is sent.
    next_attempt_at: Option<DateTime<Utc>>,
}

impl EndpointStatsView {
    fn of(one: EndpointStats, until: DateTime<Utc>) -> Self {
        let EndpointStats { endpoint, stats, waiting } = one;
        let EndpointWaiting { waiting, next_attempt_at } = waiting;
        let StatsView {
            since: _,
            until: _,
            attempts,
            succeeded,
            failed,
            success_rate,
            p50_ms,
            p95_ms,
            answers,
            step_seconds: _,
            points,
            waiting,
            next_attempt_at,
        } = StatsView::of(stats, waiting, next_attempt_at, until);
        Self {
            endpoint_id: endpoint,
            attempts,
            succeeded,
            failed,
            success_rate,
            p50_ms,
            p95_ms,
            answers,
            points,
            waiting,
            next_attempt_at,
        }
    }
}

/// How the attempts of each of the company's endpoints went, and what waits for it: newest endpoints
/// first, in the order of `GET /endpoints`, 1,000 a page, or 200 beyond 7 days. Times longer than 3 hours
/// go by hours.
#[utoipa::path(get, path = "/api/v1/stats/endpoints", tag = "Stats", params(EndpointsStatsParams), responses((status = 200, description = "Endpoint by endpoint: counts, latencies, what came back, what waits.", body = EndpointsStatsView)))]
pub async fn get_endpoints_stats(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let mut query = Query::of(&req);
    let since = since(&mut query, now).max(now - STATS_ENDPOINTS_SPAN_MAX);
    let page = query.page_of(STATS_ENDPOINTS_MAX, STATS_ENDPOINTS_MAX);
    query.finish()?;
    let found = shared.state.store.endpoints_stats(company, page, since, now).await?;
    let EndpointsStats { since, step, page } = found;
    let view = EndpointsStatsView {
        since,
        until: to_microseconds(now),
        step_seconds: step.num_seconds(),
        data: page.data.into_iter().map(|one| EndpointStatsView::of(one, now)).collect(),
        next_cursor: page.next.map(write_cursor),
    };
    json(StatusCode::OK, &view)
}
