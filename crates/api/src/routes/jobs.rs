//! Jobs: replay, recovery, retry and cancel of many; previewed, watched, stopped.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::delivery::DeliveryState;
use domain::external_key::{EndpointName, NameError};
use domain::id::{EndpointId, JobId};
use domain::job::{CheckedJob, JobError, JobRequest, Pick, REPLAY_ENDPOINTS_MAX};
use serde::Serialize;
use store::{JOB_COUNT_MAX, JobCount, JobRecord};
use utoipa::ToSchema;

use super::{path_endpoint, path_id};
use crate::auth;
use crate::body;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{PickBody, RecoverBody, ReplayBody, ids};
use crate::serve::Shared;

/// There is none of that id.
const NO_ENDPOINT: EndpointId = EndpointId::from_raw(0);

/// A job.
#[derive(Debug, Serialize, ToSchema)]
struct JobView {
    #[schema(value_type = ids::JobIdText)]
    id: JobId,
    /// `replay`, `recover`, `retry` or `cancel`.
    kind: &'static str,
    /// `running`, `finished`, `canceled` or `failed`.
    state: &'static str,
    /// How many deliveries were counted before it began.
    total: u64,
    /// Whether counting stopped there, and there may be more.
    total_is_open: bool,
    /// How many it has made, put back, hastened or ended.
    done: u64,
    /// How many it has passed over: their state had changed, or their endpoint was held or deleted.
    skipped: u64,
    /// A person, a token, or `cli`.
    created_by: String,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl JobView {
    fn of(record: JobRecord) -> Self {
        let JobRecord {
            id,
            company: _,
            request,
            state,
            total,
            total_is_open,
            done,
            skipped,
            created_by,
            last_error,
            created_at,
            finished_at,
        } = record;
        let (kind, state) = (request.kind().as_str(), state.as_str());
        Self {
            id,
            kind,
            state,
            total,
            total_is_open,
            done,
            skipped,
            created_by,
            last_error,
            created_at,
            finished_at,
        }
    }
}

/// How many deliveries a job would be for; no job was made.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewView {
    /// How many were counted, up to 100,000 and for two seconds at most.
    count: u64,
    /// Whether there may be more.
    more: bool,
}

/// Delivers an event once more, as a job: to all endpoints that pick it, or to those that are named.
#[utoipa::path(post, path = "/api/v1/events/{id}/replay", tag = "Jobs", request_body = ReplayBody, responses((status = 202, description = "The job.", body = JobView), (status = 200, description = "With `preview`: how many deliveries it would be for.", body = PreviewView)))]
pub async fn replay_event(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let event = path_id(&req)?;
    begin(&req, payload, &shared, |fields| {
        let names = read_endpoints(fields);
        let wanted = names.is_some();
        let request = move |endpoints: Vec<EndpointId>| JobRequest::Replay {
            event,
            endpoints: wanted.then_some(endpoints),
        };
        (names.unwrap_or_default(), request)
    })
    .await
}

/// Sends an endpoint what it missed since a time, as a job: what was exhausted, what waits, and what
/// happened while it was disabled. What had succeeded is not repeated unless it is asked for.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/recover", tag = "Jobs", request_body = RecoverBody, responses((status = 202, description = "The job.", body = JobView), (status = 200, description = "With `preview`: how many deliveries it would be for.", body = PreviewView)))]
pub async fn recover_endpoint(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let name = path_endpoint(&req)?;
    begin(&req, payload, &shared, |fields| {
        fields.require("since");
        let since = fields.time("since").value().unwrap_or_default();
        let until = fields.time("until").value();
        let include_delivered = fields.boolean("include_delivered").value().unwrap_or(false);
        let request = move |endpoints: Vec<EndpointId>| {
            let endpoint = endpoints.first().copied().unwrap_or(NO_ENDPOINT);
            JobRequest::Recover { endpoint, since, until, include_delivered }
        };
        (vec![name], request)
    })
    .await
}

/// Tries all deliveries that match once more, as a job; one field at least has to say which.
#[utoipa::path(post, path = "/api/v1/deliveries/retry", tag = "Jobs", request_body = PickBody, responses((status = 202, description = "The job.", body = JobView), (status = 200, description = "With `preview`: how many deliveries it would be for.", body = PreviewView)))]
pub async fn retry_deliveries(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    begin(&req, payload, &shared, |fields| read_pick(fields, JobRequest::Retry)).await
}

/// Cancels all deliveries that match, as a job; one field at least has to say which.
#[utoipa::path(post, path = "/api/v1/deliveries/cancel", tag = "Jobs", request_body = PickBody, responses((status = 202, description = "The job.", body = JobView), (status = 200, description = "With `preview`: how many deliveries it would be for.", body = PreviewView)))]
pub async fn cancel_deliveries(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    begin(&req, payload, &shared, |fields| read_pick(fields, JobRequest::Cancel)).await
}

/// The company's jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "Jobs", responses((status = 200, description = "A page of jobs, newest first.", body = PageView<JobView>)))]
pub async fn list_jobs(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.jobs(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, JobView::of))
}

/// One job, with how far it has come.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "Jobs", responses((status = 200, description = "The job.", body = JobView)))]
pub async fn get_job(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let job = shared.state.store.job(authorized.caller.company, path_id(&req)?).await?;
    json(StatusCode::OK, &JobView::of(job))
}

/// Stops a job; what it has done stays done.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "Jobs", responses((status = 200, description = "The job, stopped.", body = JobView)))]
pub async fn cancel_job(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let job = store.cancel_job(company, path_id(&req)?, actor, authorized.now).await?;
    json(StatusCode::OK, &JobView::of(job))
}

/// Reads what is asked for, and makes a job of it, or counts what it would be for where `preview` is
/// true. `read` gives the endpoints as they are named, and what makes the request of their ids.
async fn begin<M: FnOnce(Vec<EndpointId>) -> JobRequest>(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    read: impl FnOnce(&mut Fields<'_>) -> (Vec<EndpointName>, M),
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(req, shared).await?;
    let body = body::read(req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse_optional(body::text(&body)?)?;
    let preview = fields.boolean("preview").value().unwrap_or(false);
    let (names, request) = read(&mut fields);
    fields.finish()?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let store = authorized.store(shared);
    let mut endpoints = Vec::with_capacity(names.len());
    for name in names {
        let id = store.endpoint_named(company, name).await?;
        if !endpoints.contains(&id) {
            endpoints.push(id);
        }
    }
    let request: CheckedJob = request(endpoints).check().map_err(refused)?;
    if preview {
        let JobCount { rows, more } =
            store.count_job(company, &request, JOB_COUNT_MAX, now).await?;
        return json(StatusCode::OK, &PreviewView { count: rows, more });
    }
    let job = store.create_job(company, request, authorized.actor(), now).await?;
    json(StatusCode::ACCEPTED, &JobView::of(job))
}

fn refused(error: JobError) -> ApiError {
    let pointer = error.field().map_or(String::new(), |field| format!("/{field}"));
    ApiError::field(pointer, Code::InvalidField, error.to_string())
}

fn read_pick(
    fields: &mut Fields<'_>,
    request: fn(Pick) -> JobRequest,
) -> (Vec<EndpointName>, impl FnOnce(Vec<EndpointId>) -> JobRequest + use<>) {
    let name = fields.parsed("endpoint_id").value();
    let state = fields
        .read("state", |value| {
            let all = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
            let state = value.as_str().and_then(DeliveryState::parse);
            state.ok_or_else(|| format!("must be one of {all}"))
        })
        .value();
    let (since, until) = (fields.time("since").value(), fields.time("until").value());
    let pick = move |endpoints: Vec<EndpointId>| {
        request(Pick { endpoint: endpoints.first().copied(), state, since, until })
    };
    (name.into_iter().collect(), pick)
}

fn read_endpoints(fields: &mut Fields<'_>) -> Option<Vec<EndpointName>> {
    let texts = fields.texts("endpoint_ids", 1..=REPLAY_ENDPOINTS_MAX).value()?;
    let mut endpoints = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(name) => endpoints.push(name),
            Err(error) => {
                let detail = NameError::to_string(&error);
                fields.mistake_in("endpoint_ids", index, Code::InvalidField, detail);
            }
        }
    }
    Some(endpoints)
}
