//! `/auth/me`: who is calling.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, TokenId};
use serde::Serialize;
use store::{Bearer, MembershipRecord};
use utoipa::ToSchema;

use super::account::{CompanyNameView, UserView, read_name};
use crate::auth;
use crate::body;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::respond::json;
use crate::schema::{PersonPatchBody, ids};
use crate::serve::Shared;

/// Who is calling: a token, or a person with their companies.
#[derive(Debug, Serialize, ToSchema)]
struct MeView {
    /// The token's company; null for a person.
    company: Option<CompanyNameView>,
    token: Option<TokenOfMeView>,
    user: Option<UserView>,
    /// The companies that a person is in.
    companies: Vec<MembershipView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenOfMeView {
    #[schema(value_type = ids::TokenIdText)]
    id: TokenId,
    scopes: Vec<&'static str>,
    expires_at: Option<DateTime<Utc>>,
}

/// A company that a person is in.
#[derive(Debug, Serialize, ToSchema)]
struct MembershipView {
    #[schema(value_type = ids::CompanyIdText)]
    id: CompanyId,
    name: String,
    /// `viewer`, `developer`, `admin` or `owner`.
    role: &'static str,
    scopes: Vec<&'static str>,
    since: DateTime<Utc>,
}

impl MembershipView {
    fn of(record: MembershipRecord) -> Self {
        let MembershipRecord { company, company_name, role, since } = record;
        let scopes = role.scopes().iter().map(|scope| scope.as_str()).collect();
        Self { id: company, name: company_name, role: role.as_str(), scopes, since }
    }
}

/// Who is calling: the token and its company, or the person and their companies.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "Account", responses((status = 200, description = "Who you are.", body = MeView)))]
pub async fn get_me(req: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    if !req.headers().contains_key(header::AUTHORIZATION) {
        let found = auth::person(&req, &shared).await?.found;
        let companies = found.memberships.into_iter().map(MembershipView::of).collect();
        let user = Some(UserView::of(found.user));
        return json(StatusCode::OK, &MeView { company: None, token: None, user, companies });
    }
    let caller = auth::identify(&req, &shared).await?.caller;
    let company = shared.state.store.company(caller.company).await?;
    let scopes = caller.scopes.iter().map(|scope| scope.as_str()).collect();
    let token = match caller.bearer {
        Bearer::Token(id) => Some(TokenOfMeView { id, scopes, expires_at: caller.expires_at }),
        Bearer::Login { .. } | Bearer::Source(_) => None,
    };
    let company = Some(CompanyNameView { id: company.id, name: company.name });
    json(StatusCode::OK, &MeView { company, token, user: None, companies: Vec::new() })
}

/// Changes what a person is called.
#[utoipa::path(patch, path = "/api/v1/auth/me", tag = "Account", request_body = PersonPatchBody, responses((status = 200, description = "The person as they are now.", body = UserView)))]
pub async fn update_me(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("name");
    let name = read_name(&mut fields);
    fields.finish()?;
    let Some(name) = name else {
        return Err(ApiError::Internal("a change without its field was taken".into()));
    };
    let user = signed_in.found.user.id;
    let user = signed_in.store(&shared).update_person(user, &name, signed_in.now).await?;
    json(StatusCode::OK, &UserView::of(user))
}
