//! `/endpoints/{id}/secret`: shown on request, rotated with an overlap; both are audited.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::secret::EndpointSecret;
use serde::Serialize;
use store::EndpointSecrets;

use super::endpoint_fields::read_secret;
use super::endpoint_of;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::query::Query;
use crate::respond::{HeadersView, json_unkept};
use crate::schema::RotateSecretBody;
use crate::serve::Shared;
use crate::{auth, body};
use utoipa::ToSchema;

/// How long secrets overlap at a rotation that does not say.
pub const OVERLAP_SECONDS: i64 = 86_400;
/// How long they can at most.
pub const OVERLAP_SECONDS_MAX: i64 = 604_800;

#[derive(Debug, Serialize, ToSchema)]
struct SecretsView {
    /// The secret as shown: the key of `X-Hub-Signature-256`.
    secret: String,
    /// The form that Standard Webhooks libraries take.
    standard_webhooks_secret: String,
    previous: Vec<PreviousView>,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    headers: HeadersView,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviousView {
    secret: String,
    standard_webhooks_secret: String,
    signs_until: DateTime<Utc>,
}

impl SecretsView {
    fn of(secrets: EndpointSecrets) -> Self {
        let EndpointSecrets { current, previous, headers } = secrets;
        let previous = previous.into_iter().map(|(secret, signs_until)| PreviousView {
            secret: secret.as_str().to_owned(),
            standard_webhooks_secret: secret.standard_form(),
            signs_until,
        });
        Self {
            secret: current.as_str().to_owned(),
            standard_webhooks_secret: current.standard_form(),
            previous: previous.collect(),
            headers: HeadersView::of_text(headers),
        }
    }
}

/// 32 random bytes for a secret.
pub fn random_secret() -> Result<[u8; 32], ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::Internal(error.into()))?;
    Ok(bytes)
}

/// The endpoint's secrets and the values of its custom headers.
#[utoipa::path(get, path = "/api/v1/endpoints/{id}/secret", tag = "Endpoints", responses((status = 200, description = "The secret, and older ones that still sign.", body = SecretsView)))]
pub async fn get_secret(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let secrets = store.endpoint_secrets(company, id, actor, authorized.now).await?;
    json_unkept(StatusCode::OK, &SecretsView::of(secrets))
}

/// Gives the endpoint a new secret; the old one signs beside it for the overlap.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/secret/rotate", tag = "Endpoints", request_body = RotateSecretBody, responses((status = 200, description = "The new secret, and the old ones that sign beside it.", body = SecretsView)))]
pub async fn rotate_secret(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let (secret, overlap) = read_rotation(body::text(&body)?)?;
    let secret = match secret {
        Some(secret) => secret,
        None => EndpointSecret::from_random(random_secret()?),
    };
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let secrets = store.rotate_secret(company, id, secret, overlap, actor, authorized.now).await?;
    json_unkept(StatusCode::OK, &SecretsView::of(secrets))
}

fn read_rotation(text: &str) -> Result<(Option<EndpointSecret>, TimeDelta), ApiError> {
    let mut fields = Fields::parse_optional(text)?;
    let overlap = fields.integer("overlap_seconds", 0..=OVERLAP_SECONDS_MAX).value();
    let secret = read_secret(&mut fields);
    fields.finish()?;
    Ok((secret, TimeDelta::seconds(overlap.unwrap_or(OVERLAP_SECONDS))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_overlaps_for_a_day_unless_it_says_otherwise() {
        let overlap = |text| read_rotation(text).map(|(_, overlap)| overlap.num_seconds()).ok();
        assert_eq!(overlap(""), Some(86_400));
        assert_eq!(overlap("{}"), Some(86_400));
        assert_eq!(overlap(r#"{"overlap_seconds":0}"#), Some(0));
        assert_eq!(overlap(r#"{"overlap_seconds":604801}"#), None);
        assert_eq!(overlap(r#"{"overlap_seconds":-1}"#), None);
        assert_eq!(overlap(r#"{"secret":"too short"}"#), None);
    }
}
