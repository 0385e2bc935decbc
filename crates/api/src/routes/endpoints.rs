//! `/endpoints`: made, listed, shown, changed, deleted.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::scope::Scope;

use super::endpoint_fields::{read_new, read_patch};
use super::endpoint_view::EndpointView;
use super::path_id;
use super::secrets::random_secret;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::{json, json_unkept};
use crate::serve::Shared;
use crate::{auth, body};

/// The company's endpoints.
pub async fn list_endpoints(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared, Scope::EndpointsRead).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.endpoints(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, |record| EndpointView::of(record, None)))
}

/// A new endpoint, with its secret in the answer.
pub async fn create_endpoint(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared, Scope::EndpointsWrite).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let endpoint = read_new(body::text(&body)?, &shared.config, random_secret()?)?;
    let secret = endpoint.secret.as_str().to_owned();
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = &shared.state.store;
    let record = store.create_endpoint(company, endpoint, actor, authorized.now).await?;
    let location = format!("/api/v1/endpoints/{}", record.id);
    let mut answer = json_unkept(StatusCode::CREATED, &EndpointView::of(record, Some(secret)))?;
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// One endpoint.
pub async fn get_endpoint(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared, Scope::EndpointsRead).await?;
    Query::of(&req).finish()?;
    let id = path_id(&req)?;
    let record = shared.state.store.endpoint(authorized.caller.company, id).await?;
    json(StatusCode::OK, &EndpointView::of(record, None))
}

/// Changes what the body names.
pub async fn update_endpoint(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared, Scope::EndpointsWrite).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let patch = read_patch(body::text(&body)?, &shared.config)?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = &shared.state.store;
    let record = store.update_endpoint(company, id, patch, actor, authorized.now).await?;
    json(StatusCode::OK, &EndpointView::of(record, None))
}

/// Deletes an endpoint; what was pending counts as canceled.
pub async fn delete_endpoint(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared, Scope::EndpointsWrite).await?;
    Query::of(&req).finish()?;
    let id = path_id(&req)?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    shared.state.store.delete_endpoint(company, id, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}
