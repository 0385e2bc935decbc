//! `/endpoints`: made, listed, shown, changed, deleted.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::endpoint_fields::{begin_as_company_has_it, read_new, read_patch};
use super::endpoint_of;
use super::endpoint_view::EndpointView;
use super::secrets::random_secret;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::{json, json_unkept};
use crate::schema::{EndpointPatchBody, NewEndpointBody};
use crate::serve::Shared;
use crate::{auth, body};

/// The company's endpoints.
#[utoipa::path(get, path = "/api/v1/endpoints", tag = "Endpoints", responses((status = 200, description = "A page of endpoints, newest first.", body = PageView<EndpointView>)))]
pub async fn list_endpoints(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.endpoints(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, |record| EndpointView::of(record, None)))
}

/// A new endpoint, with its secret in the answer.
#[utoipa::path(post, path = "/api/v1/endpoints", tag = "Endpoints", request_body = NewEndpointBody, responses((status = 201, description = "The endpoint with its secret.", body = EndpointView)))]
pub async fn create_endpoint(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let text = body::text(&body)?;
    let own = shared.state.store.current_own_types(authorized.caller.company).await?;
    let own: Vec<&str> = own.names().collect();
    let mut endpoint = read_new(text, &shared.config, &own, random_secret()?)?;
    let secret = endpoint.secret.as_str().to_owned();
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let defaults = store.settings(company).await?.endpoint_defaults;
    begin_as_company_has_it(text, defaults, &mut endpoint)?;
    let record = store.create_endpoint(company, endpoint, actor, authorized.now).await?;
    let location = format!("/api/v1/endpoints/{}", record.id);
    let mut answer = json_unkept(StatusCode::CREATED, &EndpointView::of(record, Some(secret)))?;
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// One endpoint.
#[utoipa::path(get, path = "/api/v1/endpoints/{id}", tag = "Endpoints", responses((status = 200, description = "The endpoint, without its secret.", body = EndpointView)))]
pub async fn get_endpoint(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let record = shared.state.store.endpoint(authorized.caller.company, id).await?;
    json(StatusCode::OK, &EndpointView::of(record, None))
}

/// Changes what the body names.
#[utoipa::path(patch, path = "/api/v1/endpoints/{id}", tag = "Endpoints", request_body = EndpointPatchBody, responses((status = 200, description = "The endpoint as it is now.", body = EndpointView)))]
pub async fn update_endpoint(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let own = shared.state.store.current_own_types(authorized.caller.company).await?;
    let own: Vec<&str> = own.names().collect();
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let format = store.endpoint(company, id).await?.format;
    let patch = read_patch(body::text(&body)?, &shared.config, &own, format)?;
    let record = store.update_endpoint(company, id, patch, actor, authorized.now).await?;
    json(StatusCode::OK, &EndpointView::of(record, None))
}

/// Deletes an endpoint; what was pending counts as canceled.
#[utoipa::path(delete, path = "/api/v1/endpoints/{id}", tag = "Endpoints", responses((status = 204, description = "It is deleted; what was pending counts as canceled.")))]
pub async fn delete_endpoint(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    authorized.store(&shared).delete_endpoint(company, id, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}
