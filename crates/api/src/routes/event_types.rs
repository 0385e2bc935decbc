//! `/event-types`: the built-in catalogue, and the company's own types beside it.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::catalogue::{self, BuiltIn};
use domain::event_type::EventTypeName;
use domain::own_type::{OwnTypeContent, Validation};
use serde::Serialize;
use serde_json::value::RawValue;
use store::OwnTypeRecord;

use super::event_type_fields::{read_new, read_patch, refused};
use crate::code::Code;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::schema::event_types::{
    EventTypeListParams, EventTypePatchBody, NewEventTypeBody, ValidationSchema,
};
use crate::serve::Shared;
use crate::{auth, body};
use utoipa::ToSchema;

/// How often a change is made again where somebody else changes the same type.
const CHANGES_TRIED_MAX: usize = 5;

#[derive(Debug, Serialize, ToSchema)]
struct EventTypeView<'a> {
    name: &'a str,
    description: &'a str,
    /// Whether every company has it; else it is the company's own.
    built_in: bool,
    /// A JSON Schema of its data.
    #[schema(value_type = Option<Object>)]
    schema: Option<&'a RawValue>,
    #[schema(value_type = Object)]
    sample: &'a RawValue,
    /// Whether the data of posted events is checked against the schema.
    #[schema(value_type = ValidationSchema)]
    validation: &'static str,
    /// Since when events of it are refused.
    archived_at: Option<DateTime<Utc>>,
    /// When it was made; null for built-in ones.
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct EventTypesView<'a> {
    data: Vec<EventTypeView<'a>>,
    next_cursor: Option<String>,
}

fn raw(text: &str) -> Result<&RawValue, ApiError> {
    serde_json::from_str(text).map_err(|error| ApiError::Internal(error.into()))
}

fn view_built_in<'a>(built_in: &'static BuiltIn) -> Result<EventTypeView<'a>, ApiError> {
    let BuiltIn { name, description, schema, sample } = built_in;
    Ok(EventTypeView {
        name,
        description,
        built_in: true,
        schema: Some(raw(schema)?),
        sample: raw(sample)?,
        validation: Validation::Off.as_str(),
        archived_at: None,
        created_at: None,
        updated_at: None,
    })
}

fn view_own(record: &OwnTypeRecord) -> Result<EventTypeView<'_>, ApiError> {
    let OwnTypeRecord { name, content, archived_at, created_at, updated_at } = record;
    let OwnTypeContent { description, sample, schema, validation } = content;
    Ok(EventTypeView {
        name: name.as_str(),
        description,
        built_in: false,
        schema: schema.as_deref().map(raw).transpose()?,
        sample: raw(sample)?,
        validation: validation.as_str(),
        archived_at: *archived_at,
        created_at: Some(*created_at),
        updated_at: Some(*updated_at),
    })
}

/// Every event type, in one page: the company's own by name, then the built-in ones.
#[utoipa::path(get, path = "/api/v1/event-types", tag = "Event types", params(EventTypeListParams), responses((status = 200, description = "All of them, in one page.", body = EventTypesView)))]
pub async fn list_event_types(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    query.page();
    let include_archived = query.read("include_archived", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".into()),
    });
    query.finish()?;
    let mut own = shared.state.store.event_types(authorized.caller.company).await?;
    own.retain(|record| include_archived == Some(true) || record.archived_at.is_none());
    let built_in = catalogue::built_in().iter().map(view_built_in);
    let data = own.iter().map(view_own).chain(built_in).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &EventTypesView { data, next_cursor: None })
}

/// A new event type of the company's own. Its schema may point only into itself, and its sample must
/// fit it; posted data is checked where `validation` says so.
#[utoipa::path(post, path = "/api/v1/event-types", tag = "Event types", request_body = NewEventTypeBody, responses((status = 201, description = "The event type. Events of it may be posted on every node from now on.", body = EventTypeView)))]
pub async fn create_event_type(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let (name, content) = read_new(body::text(&body)?)?;
    let content = checked(&shared, content).await?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let record = store.create_event_type(company, &name, content, actor, authorized.now).await?;
    let mut answer = json(StatusCode::CREATED, &view_own(&record)?)?;
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/event-types/{name}")) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// One event type by name, built in or the company's own.
#[utoipa::path(get, path = "/api/v1/event-types/{name}", tag = "Event types", responses((status = 200, description = "The event type.", body = EventTypeView)))]
pub async fn get_event_type(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let name = path_name(&req)?;
    if let Some(built_in) = catalogue::find(name.as_str()) {
        return json(StatusCode::OK, &view_built_in(built_in)?);
    }
    let record = shared.state.store.event_type(authorized.caller.company, &name).await?;
    json(StatusCode::OK, &view_own(&record)?)
}

/// Changes what the body names. An archived type keeps its name, its events and their deliveries;
/// new events of it are refused.
#[utoipa::path(patch, path = "/api/v1/event-types/{name}", tag = "Event types", request_body = EventTypePatchBody, responses((status = 200, description = "The event type as it is now, on every node.", body = EventTypeView)))]
pub async fn update_event_type(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let name = path_name(&req)?;
    if catalogue::find(name.as_str()).is_some() {
        let detail = format!("`{name}` is built in and the same for every company");
        return Err(ApiError::Conflict { code: Code::EventTypeBuiltIn, detail });
    }
    let patch = read_patch(body::text(&body)?)?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let mut tries = 1;
    loop {
        let seen = store.event_type(company, &name).await?;
        let wanted = checked(&shared, patch.applied_to(seen.content.clone())).await?;
        let archived = patch.archived.unwrap_or(seen.archived_at.is_some());
        let changed =
            store.update_event_type(company, &seen, wanted, archived, actor, authorized.now);
        match changed.await {
            Err(store::Error::Conflict { code: "event_type_changed", .. })
                if tries < CHANGES_TRIED_MAX =>
            {
                tries += 1;
            }
            changed => return json(StatusCode::OK, &view_own(&changed?)?),
        }
    }
}

/// The content, once it is known that its parts go together.
async fn checked(shared: &Shared, content: OwnTypeContent) -> Result<OwnTypeContent, ApiError> {
    let checked = shared.checks.elsewhere(move || content.check().map(|()| content));
    checked.await?.map_err(refused)
}

/// The name in the path; one that cannot be is not found.
fn path_name(req: &HttpRequest) -> Result<EventTypeName, ApiError> {
    let name = req.match_info().get("name").unwrap_or_default();
    EventTypeName::parse(name).map_err(|_| ApiError::NotFound)
}
