//! `/tokens`: made, listed and revoked by whoever has the scope `admin`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::TokenId;
use domain::scope::Scope;
use serde::Serialize;
use store::{NewToken, TokenRecord};

use super::path_id;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::query::{PageView, Query};
use crate::respond::{json, json_unkept};
use crate::schema::{NewTokenBody, ids};
use crate::serve::Shared;
use crate::{auth, body};
use utoipa::ToSchema;

const NAME_BYTES_MAX: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    #[schema(value_type = ids::TokenIdText)]
    id: TokenId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    hint: String,
    scopes: Vec<&'static str>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TokenView {
    fn of(record: TokenRecord, token: Option<String>) -> Self {
        let TokenRecord {
            id,
            company: _,
            name,
            hint,
            scopes,
            expires_at,
            revoked_at,
            last_used_at,
            created_at,
        } = record;
        let scopes = scopes.into_iter().map(Scope::as_str).collect();
        Self { id, name, token, hint, scopes, expires_at, revoked_at, last_used_at, created_at }
    }
}

/// The company's tokens, without the tokens themselves.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "API tokens", responses((status = 200, description = "A page of tokens, newest first.", body = PageView<TokenView>)))]
pub async fn list_tokens(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.tokens(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, |record| TokenView::of(record, None)))
}

/// A new token; it is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "API tokens", request_body = NewTokenBody, responses((status = 201, description = "The token; `token` is shown this once.", body = TokenView)))]
pub async fn create_token(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let token = read_token(body::text(&body)?, authorized.now)?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let (record, token) =
        authorized.store(&shared).create_token(company, token, actor, authorized.now).await?;
    json_unkept(StatusCode::CREATED, &TokenView::of(record, Some(token)))
}

fn read_token(text: &str, now: DateTime<Utc>) -> Result<NewToken, ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("name");
    fields.require("scopes");
    let name = fields.text("name", 1..=NAME_BYTES_MAX).value().unwrap_or_default();
    let names = fields.texts("scopes", 1..=Scope::ALL.len()).value().unwrap_or_default();
    let mut scopes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match Scope::parse(name) {
            Some(scope) if scopes.contains(&scope) => {}
            Some(scope) => scopes.push(scope),
            None => {
                let all = Scope::ALL.map(Scope::as_str).join(", ");
                fields.mistake_in(
                    "scopes",
                    index,
                    Code::InvalidField,
                    format!("must be one of {all}"),
                );
            }
        }
    }
    let expires_at = fields.time("expires_at").value();
    if expires_at.is_some_and(|at| at <= now) {
        fields.mistake("expires_at", Code::InvalidField, "must be in the future");
    }
    fields.finish()?;
    Ok(NewToken { name, scopes, expires_at })
}

/// Revokes a token; twice is once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "API tokens", responses((status = 204, description = "The token works no more.")))]
pub async fn revoke_token(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    authorized.store(&shared).revoke_token(company, path_id(&req)?, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_token_needs_a_name_known_scopes_and_a_future() {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let body = r#"{"name":"ci","scopes":["events:write","events:write"],"expires_at":"2027-01-01T00:00:00Z"}"#;
        let token = read_token(body, now).unwrap();
        assert_eq!(token.scopes, [Scope::EventsWrite]);
        for bad in [
            r#"{"scopes":["admin"]}"#,
            r#"{"name":"","scopes":["admin"]}"#,
            r#"{"name":"x","scopes":[]}"#,
            r#"{"name":"x","scopes":["root"]}"#,
            r#"{"name":"x","scopes":"admin"}"#,
            r#"{"name":"x","scopes":["admin"],"expires_at":"2026-11-20T12:00:00Z"}"#,
            r#"{"name":"x","scopes":["admin"],"scope":1}"#,
        ] {
            assert_eq!(read_token(bad, now).unwrap_err().code().status(), 422, "{bad}");
        }
    }
}
