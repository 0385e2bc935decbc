//! `/sources/{id}/…/rotate`: another app secret, with an overlap, and another verify token.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use domain::source::{AppSecret, VerifyToken};

use super::path_id;
use super::secrets::{OVERLAP_SECONDS, OVERLAP_SECONDS_MAX, random_secret};
use super::sources::{SourceView, read_app_secret, read_verify_token};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::respond::json;
use crate::schema::source::{RotateAppSecretBody, RotateVerifyTokenBody};
use crate::serve::Shared;
use crate::{auth, body};

/// Gives the source its first app secret, or another one; the one before is accepted beside it for the
/// overlap.
#[utoipa::path(post, path = "/api/v1/sources/{id}/app-secret/rotate", tag = "Sources", request_body = RotateAppSecretBody, responses((status = 200, description = "The source as it is now.", body = SourceView)))]
pub async fn rotate_app_secret(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let (secret, overlap) = read_app_rotation(body::text(&body)?)?;
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    let store = authorized.store(&shared);
    let record = store.rotate_app_secret(company, id, secret, overlap, actor, now).await?;
    json(StatusCode::OK, &SourceView::of(record, &shared.config, now))
}

fn read_app_rotation(text: &str) -> Result<(AppSecret, TimeDelta), ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("app_secret");
    let secret = read_app_secret(&mut fields);
    let overlap = fields.integer("overlap_seconds", 0..=OVERLAP_SECONDS_MAX).value();
    fields.finish()?;
    let secret = secret.ok_or_else(|| ApiError::Internal("no app secret was read".into()))?;
    Ok((secret, TimeDelta::seconds(overlap.unwrap_or(OVERLAP_SECONDS))))
}

/// Gives the source another verify token; the one before ends at once. Meta asks for it only while you
/// save the callback URL: notifications go on coming.
#[utoipa::path(post, path = "/api/v1/sources/{id}/verify-token/rotate", tag = "Sources", request_body = RotateVerifyTokenBody, responses((status = 200, description = "The source as it is now.", body = SourceView)))]
pub async fn rotate_verify_token(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse_optional(body::text(&body)?)?;
    let token = read_verify_token(&mut fields);
    fields.finish()?;
    let token = match token {
        Some(token) => token,
        None => VerifyToken::from_random(random_secret()?),
    };
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    let store = authorized.store(&shared);
    let record = store.rotate_verify_token(company, id, token, actor, now).await?;
    json(StatusCode::OK, &SourceView::of(record, &shared.config, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_secret_is_rotated_over_a_day_unless_it_says_otherwise() {
        let overlap = |rest: &str| {
            let text = format!(r#"{{"app_secret":"0123456789abcdef"{rest}}}"#);
            read_app_rotation(&text).map(|(_, overlap)| overlap.num_seconds()).ok()
        };
        assert_eq!(overlap(""), Some(86_400));
        assert_eq!(overlap(r#","overlap_seconds":0"#), Some(0));
        assert_eq!(overlap(r#","overlap_seconds":604800"#), Some(604_800));
        assert_eq!(overlap(r#","overlap_seconds":604801"#), None);
        assert_eq!(overlap(r#","overlap":1"#), None);
        assert!(read_app_rotation("{}").is_err());
    }
}
