//! `/event-types`: the built-in catalogue.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::catalogue::{self, BuiltIn};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::serve::Shared;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
struct EventTypeView {
    name: &'static str,
    description: &'static str,
    built_in: bool,
    #[schema(value_type = Object)]
    schema: &'static RawValue,
    #[schema(value_type = Object)]
    sample: &'static RawValue,
}

#[derive(Debug, Serialize, ToSchema)]
struct EventTypesView {
    data: Vec<EventTypeView>,
    next_cursor: Option<String>,
}

fn view(built_in: &'static BuiltIn) -> Result<EventTypeView, ApiError> {
    let raw = |text: &'static str| {
        serde_json::from_str::<&'static RawValue>(text)
            .map_err(|error| ApiError::Internal(error.into()))
    };
    let BuiltIn { name, description, schema, sample } = built_in;
    Ok(EventTypeView {
        name,
        description,
        built_in: true,
        schema: raw(schema)?,
        sample: raw(sample)?,
    })
}

/// Every event type, in one page.
#[utoipa::path(get, path = "/api/v1/event-types", tag = "Event types", responses((status = 200, description = "All of them, in one page.", body = EventTypesView)))]
pub async fn list_event_types(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    query.page();
    query.finish()?;
    let data = catalogue::built_in().iter().map(view).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &EventTypesView { data, next_cursor: None })
}

/// One event type by name.
#[utoipa::path(get, path = "/api/v1/event-types/{name}", tag = "Event types", responses((status = 200, description = "The event type.", body = EventTypeView)))]
pub async fn get_event_type(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let name = req.match_info().get("name").unwrap_or_default();
    let built_in = catalogue::find(name).ok_or(ApiError::NotFound)?;
    json(StatusCode::OK, &view(built_in)?)
}
