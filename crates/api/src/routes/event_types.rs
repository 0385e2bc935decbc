//! `/event-types`: the built-in catalogue.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::catalogue::{self, BuiltIn};
use domain::scope::Scope;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::serve::Shared;

#[derive(Debug, Serialize)]
struct EventTypeView {
    name: &'static str,
    description: &'static str,
    built_in: bool,
    schema: &'static RawValue,
    sample: &'static RawValue,
}

#[derive(Debug, Serialize)]
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
pub async fn list_event_types(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::authorize(&req, &shared, Scope::EventsRead).await?;
    let mut query = Query::of(&req);
    query.page();
    query.finish()?;
    let data = catalogue::built_in().iter().map(view).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &EventTypesView { data, next_cursor: None })
}

/// One event type by name.
pub async fn get_event_type(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::authorize(&req, &shared, Scope::EventsRead).await?;
    Query::of(&req).finish()?;
    let name = req.match_info().get("name").unwrap_or_default();
    let built_in = catalogue::find(name).ok_or(ApiError::NotFound)?;
    json(StatusCode::OK, &view(built_in)?)
}
