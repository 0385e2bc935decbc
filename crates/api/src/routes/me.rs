//! `/auth/me`: who a token is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::auth;
use crate::error::ApiError;
use crate::respond::json;
use crate::serve::Shared;

/// The token's company and what it may do; any token may ask.
pub async fn get_me(req: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let caller = auth::identify(&req, &shared).await?.caller;
    let company = shared.state.store.company(caller.company).await?;
    let scopes: Vec<&str> = caller.scopes.iter().map(|scope| scope.as_str()).collect();
    let me = json!({
        "company": {"id": company.id, "name": company.name},
        "token": {"id": caller.token, "scopes": scopes, "expires_at": caller.expires_at},
    });
    json(StatusCode::OK, &me)
}
