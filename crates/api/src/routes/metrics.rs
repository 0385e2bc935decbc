//! `/metrics`, where it has no listener of its own.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth;
use crate::error::ApiError;
use crate::metrics::{self, Exposition};
use crate::serve::Shared;

/// What this node counts and measures, for the operator. Text for Prometheus and no part of the REST
/// API, so that it is not in the OpenAPI document. With `HOOKFERRY_METRICS_LISTEN` it is served on a
/// listener of its own and is not found here.
pub async fn get_metrics(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let Some(exposition) = &shared.state.exposition else { return Err(ApiError::NotFound) };
    auth::operator(&req, &shared)?;
    Ok(metrics::answer(&req, exposition.as_ref()).await)
}

/// The same on its own listener, which is not for everybody in the first place.
pub async fn get_metrics_alone(
    req: HttpRequest,
    exposition: web::Data<dyn Exposition>,
) -> HttpResponse {
    metrics::answer(&req, exposition.as_ref()).await
}
