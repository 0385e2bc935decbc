//! `/auth/me`: who a token is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, TokenId};
use serde::Serialize;
use store::Bearer;
use utoipa::ToSchema;

use crate::auth;
use crate::error::ApiError;
use crate::respond::json;
use crate::schema::ids;
use crate::serve::Shared;

#[derive(Debug, Serialize, ToSchema)]
struct MeView {
    company: CompanyView,
    token: Option<TokenOfMeView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CompanyView {
    #[schema(value_type = ids::CompanyIdText)]
    id: CompanyId,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenOfMeView {
    #[schema(value_type = ids::TokenIdText)]
    id: TokenId,
    scopes: Vec<&'static str>,
    expires_at: Option<DateTime<Utc>>,
}

/// The token's company and what it may do; any token may ask.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "Account", responses((status = 200, description = "Who you are.", body = MeView)))]
pub async fn get_me(req: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let caller = auth::identify(&req, &shared).await?.caller;
    let company = shared.state.store.company(caller.company).await?;
    let scopes = caller.scopes.iter().map(|scope| scope.as_str()).collect();
    let me = MeView {
        company: CompanyView { id: company.id, name: company.name },
        token: match caller.bearer {
            Bearer::Token(id) => Some(TokenOfMeView { id, scopes, expires_at: caller.expires_at }),
            Bearer::Login { .. } => None,
        },
    };
    json(StatusCode::OK, &me)
}
