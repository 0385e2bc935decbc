//! `/events`: taken in, listed, shown.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::event::{
    DATA_BYTES_MAX, EXTERNAL_ID_BYTES_MAX, PHONE_NUMBER_ID_BYTES_MAX, SUBJECT_BYTES_MAX,
};
use domain::id::{EventId, SourceId};
use domain::json_schema::Misfit;
use domain::search::Needle;
use serde::Serialize;
use serde_json::value::RawValue;
use store::{Accepted, EventFilter, EventRecord};

use super::{intake, path_id};
use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::event_body::{self, Context};
use crate::query::{CutPageView, Query};
use crate::respond::json;
use crate::schema::{EventListParams, NewEventBody, ids};
use crate::serve::Shared;
use crate::{auth, body, fields};
use utoipa::ToSchema;

/// What an event may take beside its data.
const ENVELOPE_BYTES_MAX: usize = 16 * 1024;
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// What became of an event that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedView {
    #[schema(value_type = ids::EventIdText)]
    id: EventId,
    duplicate: bool,
    deliveries: u32,
    /// What does not fit the schema of its type, where that is told and not refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningView>,
}

/// Something that does not fit a schema.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warning)]
pub struct WarningView {
    /// The place, as a JSON pointer into the request.
    pointer: String,
    detail: String,
}

impl WarningView {
    /// A misfit in the data of the event at the JSON pointer `base`.
    pub fn of(misfit: Misfit, base: &str) -> Self {
        let Misfit { pointer, detail } = misfit;
        Self { pointer: format!("{base}/data{pointer}"), detail }
    }
}

impl AcceptedView {
    /// The answer for the event at the JSON pointer `base`, or what is wrong with it; what its own type
    /// does not take is told by whoever asked the type.
    pub fn of(
        accepted: Accepted,
        base: &str,
        warnings: Vec<WarningView>,
    ) -> Result<Self, ApiError> {
        match accepted {
            Accepted::New { event, deliveries } => {
                Ok(Self { id: event, duplicate: false, deliveries, warnings })
            }
            Accepted::Duplicate { event, deliveries } => {
                Ok(Self { id: event, duplicate: true, deliveries, warnings })
            }
            Accepted::KeyReused { event } => Err(ApiError::Conflict {
                code: Code::KeyReused,
                detail: format!("{event} was posted with the same id and another body"),
            }),
            Accepted::Expired => Err(event_body::expired(base)),
            Accepted::Unfit => Err(ApiError::Internal("an event was refused for no reason".into())),
        }
    }
}

/// Takes one event in: 202 only once it is written down with its deliveries.
#[utoipa::path(post, path = "/api/v1/events", tag = "Events", request_body = NewEventBody, params(("Idempotency-Key" = Option<String>, Header, description = "A key under which the event is taken once; not together with `id`.", max_length = 255)), responses((status = 202, description = "The event is written down with its deliveries.", body = AcceptedView)))]
pub async fn create_event(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let answer = take_event(&req, payload, &shared).await;
    answer.inspect_err(|error| shared.state.metrics.refuse(error.code(), 1))
}

async fn take_event(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize_ingest(req, shared).await?;
    let body = body::read(req, payload, "an event", DATA_BYTES_MAX + ENVELOPE_BYTES_MAX).await?;
    // Not when it was let in: a body may take long, and others have come meanwhile.
    let (caller, now) = (&authorized.caller, shared.state.clock.now());
    caller.gate.take_events(1, now)?;
    let key = idempotency_key(req)?;
    let data_bytes_max = caller.gate.event_bytes_max();
    let context = Context { company: caller.company, key, now, data_bytes_max };
    let read = event_body::parse(body::text(&body)?, "", context);
    drop(body); // the event has its own copy, and may wait for a commit
    let mut taken = intake::take_in(shared, caller, vec![read], |_| String::new()).await?;
    let (Some(taken), true) = (taken.pop(), taken.is_empty()) else {
        return Err(ApiError::Internal("one event was posted, not one was answered".into()));
    };
    json(StatusCode::ACCEPTED, &taken?)
}

/// The `Idempotency-Key` of a request.
pub fn idempotency_key(req: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let mut values = req.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| "must be printable ASCII".to_owned());
    let text = text.and_then(|text| {
        fields::check_text(text, 1..=EXTERNAL_ID_BYTES_MAX)?;
        if values.next().is_some() { Err("may stand there only once".into()) } else { Ok(text) }
    });
    text.map(Some).map_err(key_refused)
}

/// The `Idempotency-Key` of a request is not wanted, or wrong.
pub fn key_refused(detail: String) -> ApiError {
    let place = Place::Header(IDEMPOTENCY_KEY);
    ApiError::Invalid(vec![Mistake { place, code: Code::InvalidField, detail }])
}

#[derive(Debug, Serialize, ToSchema)]
struct EventView<'a> {
    #[schema(value_type = ids::EventIdText)]
    id: EventId,
    #[serde(rename = "type")]
    event_type: String,
    #[schema(value_type = Option<ids::SourceIdText>)]
    source_id: Option<SourceId>,
    external_id: Option<String>,
    subject: Option<String>,
    /// Which of the company's numbers it came by, as Meta calls it.
    phone_number_id: Option<String>,
    occurred_at: DateTime<Utc>,
    accepted_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    deliveries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    data: Option<&'a RawValue>,
}

impl EventView<'_> {
    /// An event and, apart from it, its data.
    fn of(record: EventRecord) -> (Self, Arc<[u8]>) {
        let EventRecord {
            id,
            event_type,
            source,
            external_id,
            subject,
            phone_number_id,
            occurred_at,
            accepted_at,
            expires_at,
            data,
            deliveries,
            session: _,
        } = record;
        let view = Self {
            id,
            event_type: event_type.to_string(),
            source_id: source,
            external_id,
            subject,
            phone_number_id,
            occurred_at,
            accepted_at,
            expires_at,
            deliveries,
            data: None,
        };
        (view, data)
    }
}

/// The company's events, without their data.
#[utoipa::path(get, path = "/api/v1/events", tag = "Events", params(EventListParams), responses((status = 200, description = "A page of events without their data, newest first.", body = CutPageView<EventView>)))]
pub async fn list_events(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    let filter = EventFilter {
        event_type: query.event_types("type"),
        subject: query.text("subject", SUBJECT_BYTES_MAX),
        source: query.parsed("source_id"),
        phone_number_id: query.text("phone_number_id", PHONE_NUMBER_ID_BYTES_MAX),
        external_id: query.text("external_id", EXTERNAL_ID_BYTES_MAX),
        since: query.time("since"),
        until: query.time("until"),
        needle: query.read("q", |text| match Needle::parse(text) {
            Ok(Needle::Endpoint(_)) => Err("endpoints are searched for in deliveries".to_owned()),
            read => read.map_err(|error| error.to_string()),
        }),
    };
    query.finish()?;
    let page = shared.state.store.events(authorized.caller.company, filter, page).await?;
    json(StatusCode::OK, &CutPageView::of(page, |record| EventView::of(record).0))
}

/// One event with its data.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "Events", responses((status = 200, description = "The event with its data.", body = EventView)))]
pub async fn get_event(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let record = shared.state.store.event(authorized.caller.company, path_id(&req)?).await?;
    let (view, data) = EventView::of(record);
    let data: &RawValue =
        serde_json::from_slice(&data).map_err(|error| ApiError::Internal(error.into()))?;
    json(StatusCode::OK, &EventView { data: Some(data), ..view })
}
