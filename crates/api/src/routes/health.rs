//! `/healthz` and `/readyz`, without side effects.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::respond::json;
use crate::serve::Shared;

/// How long the database may take to answer before this node counts as not ready.
const PING_TIME_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// `ok` or `ready`.
    status: &'static str,
}

/// The process answers; nothing else is asked.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 200, description = "The process answers.", body = HealthView)))]
pub async fn get_health() -> Result<HttpResponse, ApiError> {
    json(StatusCode::OK, &HealthView { status: "ok" })
}

/// Whether this node takes requests: it is neither starting nor stopping, and its database answers.
#[utoipa::path(get, path = "/readyz", tag = "Health", responses((status = 200, description = "The node takes requests.", body = HealthView)))]
pub async fn get_readiness(shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let state = &shared.state;
    if !state.readiness.is_ready() {
        return Err(ApiError::NotReady { reason: "this node is starting or stopping" });
    }
    match actix_web::rt::time::timeout(PING_TIME_MAX, state.store.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error @ store::Error::Unavailable(_))) => return Err(error.into()),
        Ok(Err(error)) => {
            tracing::error!("The database does not answer as it should: {error}");
            return Err(ApiError::NotReady { reason: "the database does not answer as it should" });
        }
        Err(_) => {
            return Err(ApiError::NotReady { reason: "the database does not answer in time" });
        }
    }
    json(StatusCode::OK, &HealthView { status: "ready" })
}
