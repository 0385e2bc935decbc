//! `/deliveries`: listed, shown with all attempts, retried, canceled.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::delivery::DeliveryState;
use domain::event::{EXTERNAL_ID_BYTES_MAX, Event, SUBJECT_BYTES_MAX};
use domain::external_key::EndpointName;
use domain::format::Rendering;
use domain::id::{AttemptId, CompanyId, DeliveryId, EndpointId, EventId, floor_at};
use domain::outcome::ErrorKind;
use domain::wire::SentHead;
use serde::Serialize;
use store::{
    AttemptRecord, DeliveryDetail, DeliveryFilter, DeliveryRecord, EventRecord, StatusWanted,
};

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{CutPageView, Query};
use crate::respond::{FailureView, HeadersView, RequestView, ResponseView, json};
use crate::schema::{DeliveryListParams, ids};
use crate::serve::Shared;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    #[schema(value_type = ids::DeliveryIdText)]
    id: DeliveryId,
    #[schema(value_type = ids::EventIdText)]
    event_id: EventId,
    #[schema(value_type = ids::EndpointIdText)]
    endpoint_id: EndpointId,
    event_type: String,
    state: &'static str,
    tries: u32,
    max_tries: u32,
    next_attempt_at: Option<DateTime<Utc>>,
    /// Which delivery of the same contact goes first, where the endpoint is ordered.
    #[schema(value_type = Option<ids::DeliveryIdText>)]
    waiting_for: Option<DeliveryId>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    last_status_code: Option<u16>,
    last_error: Option<FailureView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    #[schema(value_type = ids::AttemptIdText)]
    id: AttemptId,
    number: u32,
    started_at: DateTime<Utc>,
    duration_ms: u64,
    status_code: Option<u16>,
    error: Option<FailureView>,
    request: RequestView,
    response: ResponseView,
}

impl DeliveryView {
    /// At this moment: one that is overdue is tried next.
    fn of(record: DeliveryRecord, now: DateTime<Utc>) -> Self {
        let DeliveryRecord {
            id,
            event,
            endpoint,
            event_type,
            state,
            tries,
            tries_max,
            next_attempt_at,
            waiting_for,
            created_at,
            finished_at,
            last_status,
            last_error,
        } = record;
        Self {
            id,
            event_id: event,
            endpoint_id: endpoint,
            event_type: event_type.to_string(),
            state: state.as_str(),
            tries,
            max_tries: tries_max,
            next_attempt_at: next_attempt_at.map(|at| at.max(now)),
            waiting_for,
            created_at,
            finished_at,
            last_status_code: last_status,
            last_error: last_error.map(|failure| FailureView::of(failure.kind, failure.message)),
            attempts: None,
        }
    }

    fn with_attempts(company: CompanyId, detail: DeliveryDetail, now: DateTime<Utc>) -> Self {
        let DeliveryDetail { delivery, event, rendering, attempts } = detail;
        let id = delivery.id;
        let body = event.zip(rendering).map(|(event, how)| sent_body(company, event, how));
        let attempts =
            attempts.into_iter().map(|record| AttemptView::of(id, record, body.clone())).collect();
        Self { attempts: Some(attempts), ..Self::of(delivery, now) }
    }
}

/// The body of every attempt; the event is stored once and rendered again.
fn sent_body(company: CompanyId, record: EventRecord, rendering: Rendering) -> String {
    let EventRecord { id, event_type, data, occurred_at, session, .. } = record;
    let event = Event { id, company, event_type, data, occurred_at, session };
    String::from_utf8_lossy(&rendering.render(&event)).into_owned()
}

impl AttemptView {
    fn of(delivery: DeliveryId, record: AttemptRecord, body: Option<String>) -> Self {
        let AttemptRecord {
            number,
            started_at,
            duration,
            status_code,
            error,
            request,
            response_headers,
            response_body,
            truncated,
        } = record;
        let SentHead { method, url, headers } = request;
        Self {
            id: attempt_id(delivery, number, started_at),
            number,
            started_at,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            status_code,
            error: error.map(|(kind, message)| FailureView::of(kind, message)),
            request: RequestView { method, url, headers: HeadersView::of_text(headers), body },
            response: ResponseView::of(response_headers, response_body, truncated),
        }
    }
}

/// An attempt has no id of its own inside: its delivery and its number name it. Outside it gets one
/// that has its time and stays the same.
fn attempt_id(delivery: DeliveryId, number: u32, started_at: DateTime<Utc>) -> AttemptId {
    let mixed = (delivery.raw().cast_unsigned() ^ u64::from(number).rotate_right(8))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    AttemptId::from_raw(floor_at(started_at) | (mixed >> 42).cast_signed())
}

/// The company's deliveries, finished or not.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "Deliveries", params(DeliveryListParams), responses((status = 200, description = "A page of deliveries, newest first.", body = CutPageView<DeliveryView>)))]
pub async fn list_deliveries(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    let endpoint = query.parsed::<EndpointName>("endpoint_id");
    let mut filter = DeliveryFilter {
        endpoint: None,
        event: query.parsed("event_id"),
        state: query.read("state", |text| {
            let all = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
            DeliveryState::parse(text).ok_or_else(|| format!("must be one of {all}"))
        }),
        status: query.read("status_code", status_wanted),
        error: query.read("error", |text| {
            let all = ErrorKind::ALL.map(ErrorKind::as_str).join(", ");
            ErrorKind::parse(text).ok_or_else(|| format!("must be one of {all}"))
        }),
        event_type: query.event_types("type"),
        subject: query.text("subject", SUBJECT_BYTES_MAX),
        external_id: query.text("external_id", EXTERNAL_ID_BYTES_MAX),
        needle: query.needle(),
        since: query.time("since"),
        until: query.time("until"),
    };
    query.finish()?;
    if let Some(name) = endpoint {
        let company = authorized.caller.company;
        filter.endpoint = Some(shared.state.store.endpoint_named(company, name).await?);
    }
    let page = shared.state.store.deliveries(authorized.caller.company, filter, page).await?;
    json(StatusCode::OK, &CutPageView::of(page, |record| DeliveryView::of(record, authorized.now)))
}

/// `503`, or `5xx` for all of its class.
fn status_wanted(text: &str) -> Result<StatusWanted, String> {
    let class = text.strip_suffix("xx").and_then(|class| class.parse().ok());
    if let Some(class @ 1..=5) = class {
        return Ok(StatusWanted::Class(class));
    }
    match text.parse() {
        Ok(code @ 100..=599) if text.len() == 3 => Ok(StatusWanted::Code(code)),
        Ok(_) | Err(_) => Err("must be a status from 100 to 599, or a class such as 5xx".into()),
    }
}

/// One delivery with all its attempts.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "Deliveries", responses((status = 200, description = "The delivery with all its attempts.", body = DeliveryView)))]
pub async fn get_delivery(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let company = authorized.caller.company;
    let detail = shared.state.store.delivery(company, path_id(&req)?).await?;
    json(StatusCode::OK, &DeliveryView::with_attempts(company, detail, authorized.now))
}

/// Retry now: a pending one is sent at once, a finished one begins a fresh schedule.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/retry", tag = "Deliveries", responses((status = 200, description = "It is tried next.", body = DeliveryView)))]
pub async fn retry_delivery(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let id = path_id(&req)?;
    let record =
        authorized.store(&shared).retry_delivery(company, id, actor, authorized.now).await?;
    json(StatusCode::OK, &DeliveryView::of(record, authorized.now))
}

/// Cancels a pending delivery.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/cancel", tag = "Deliveries", responses((status = 200, description = "It is canceled.", body = DeliveryView)))]
pub async fn cancel_delivery(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let id = path_id(&req)?;
    let record =
        authorized.store(&shared).cancel_delivery(company, id, actor, authorized.now).await?;
    json(StatusCode::OK, &DeliveryView::of(record, authorized.now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_have_ids_of_their_own_that_stay() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let id = |delivery, number| attempt_id(DeliveryId::from_raw(delivery), number, at);
        let ids: std::collections::HashSet<_> = (1..=145).map(|number| id(77, number)).collect();
        assert_eq!(ids.len(), 145);
        assert_eq!(id(77, 3), id(77, 3));
        assert_eq!(id(77, 3).made_at(), at);
    }
}
