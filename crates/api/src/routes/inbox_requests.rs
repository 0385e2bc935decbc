//! `/inboxes/{id}/requests`: what came into an inbox.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::InboxRequestId;
use serde::Serialize;
use store::{ArrivedRequest, InboxRequestRecord};

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::{BodyView, json};
use crate::schema::ids;
use crate::serve::Shared;
use utoipa::ToSchema;

/// What was found about the signatures of a request.
#[derive(Debug, Serialize, ToSchema)]
struct SignatureView {
    /// `verified`, `wrong`, `missing`, or `unknown` where no endpoint of the company has this URL, or
    /// the body is not all there.
    verdict: &'static str,
    /// About `webhook-signature`: the same, or `timestamp_off`, `no_id`, `no_timestamp`.
    webhook_signature: &'static str,
    /// About `X-Hub-Signature-256`.
    x_hub_signature_256: &'static str,
}

/// A request that came into an inbox, without its body and its headers.
#[derive(Debug, Serialize, ToSchema)]
struct InboxRequestSummary {
    #[schema(value_type = ids::InboxRequestIdText)]
    id: InboxRequestId,
    received_at: DateTime<Utc>,
    method: String,
    /// What stands behind the inbox's URL: path and query.
    path: String,
    signature: SignatureView,
    /// What `webhook-id` says: the id of the event.
    event_id: Option<String>,
    /// What the body says under `type`; null in the formats `wati` and `meta`.
    event_type: Option<String>,
    /// What `Hookferry-Attempt` says.
    attempt: Option<u32>,
    /// How many bytes of the body came.
    body_bytes: u64,
    /// Whether some of the path, the headers or the body is not kept.
    truncated: bool,
    answered_status: u16,
    /// How long after it came it is answered.
    duration_ms: u64,
}

/// One header.
#[derive(Debug, Serialize, ToSchema)]
struct HeaderView {
    name: String,
    /// Replaced where it is secret: cookies, `Authorization`, custom headers of the endpoint.
    value: String,
}

/// A request that came into an inbox.
#[derive(Debug, Serialize, ToSchema)]
struct InboxRequestView {
    #[schema(value_type = ids::InboxRequestIdText)]
    id: InboxRequestId,
    received_at: DateTime<Utc>,
    method: String,
    /// What stands behind the inbox's URL: path and query.
    path: String,
    signature: SignatureView,
    /// What `webhook-id` says: the id of the event.
    event_id: Option<String>,
    /// What the body says under `type`; null in the formats `wati` and `meta`.
    event_type: Option<String>,
    /// What `Hookferry-Attempt` says.
    attempt: Option<u32>,
    /// How many bytes of the body came.
    body_bytes: u64,
    /// Whether some of the path, the headers or the body is not kept.
    truncated: bool,
    answered_status: u16,
    /// How long after it came it is answered.
    duration_ms: u64,
    headers: Vec<HeaderView>,
    body: String,
    /// `utf-8`, or `base64` where the body is no text.
    body_encoding: &'static str,
}

impl InboxRequestSummary {
    fn of(record: InboxRequestRecord) -> Self {
        let InboxRequestRecord { id, inbox: _, received_at, request } = record;
        let value = |wanted: &str| {
            let found = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone())
        };
        let (event_id, attempt) = (value("webhook-id"), value("hookferry-attempt"));
        let checked = request.checked;
        Self {
            id,
            received_at,
            event_id,
            attempt: attempt.and_then(|text| text.parse().ok()),
            signature: SignatureView {
                verdict: checked.verdict().as_str(),
                webhook_signature: checked.standard.as_str(),
                x_hub_signature_256: checked.hub.as_str(),
            },
            method: request.method,
            path: request.path,
            event_type: request.event_type,
            body_bytes: request.body_bytes,
            truncated: request.truncated,
            answered_status: request.answered_status,
            duration_ms: request.duration_ms,
        }
    }
}

impl InboxRequestView {
    fn of(mut record: InboxRequestRecord) -> Self {
        let BodyView { body, encoding } = BodyView::of(std::mem::take(&mut record.request.body));
        let ArrivedRequest { headers, .. } = &record.request;
        let header = |(name, value): &(String, String)| HeaderView {
            name: name.clone(),
            value: value.clone(),
        };
        let headers = headers.iter().map(header).collect();
        let InboxRequestSummary {
            id,
            received_at,
            method,
            path,
            signature,
            event_id,
            event_type,
            attempt,
            body_bytes,
            truncated,
            answered_status,
            duration_ms,
        } = InboxRequestSummary::of(record);
        Self {
            id,
            received_at,
            method,
            path,
            signature,
            event_id,
            event_type,
            attempt,
            body_bytes,
            truncated,
            answered_status,
            duration_ms,
            headers,
            body,
            body_encoding: encoding,
        }
    }
}

/// What an inbox keeps: the newest 200 requests of the last 7 days.
#[utoipa::path(get, path = "/api/v1/inboxes/{id}/requests", tag = "Inboxes", responses((status = 200, description = "A page of requests, newest first, without headers and bodies.", body = PageView<InboxRequestSummary>)))]
pub async fn list_inbox_requests(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let (company, store) = (authorized.caller.company, &shared.state.store);
    let page = store.inbox_requests(company, id, page, authorized.now).await?;
    json(StatusCode::OK, &PageView::of(page, InboxRequestSummary::of))
}

/// One request with its headers and its body, as far as they are kept.
#[utoipa::path(get, path = "/api/v1/inboxes/{id}/requests/{request_id}", tag = "Inboxes", responses((status = 200, description = "The request.", body = InboxRequestView)))]
pub async fn get_inbox_request(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let inbox = path_id(&req)?;
    let request = req.match_info().get("request_id").and_then(|text| text.parse().ok());
    let request = request.ok_or(ApiError::NotFound)?;
    let (company, store) = (authorized.caller.company, &shared.state.store);
    let record = store.inbox_request(company, inbox, request, authorized.now).await?;
    json(StatusCode::OK, &InboxRequestView::of(record))
}

/// Removes every request that the inbox keeps.
#[utoipa::path(delete, path = "/api/v1/inboxes/{id}/requests", tag = "Inboxes", responses((status = 204, description = "The inbox is empty.")))]
pub async fn empty_inbox(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    authorized.store(&shared).empty_inbox(company, path_id(&req)?, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}
