//! `/sources`: where events come from beside this API; made, listed, shown, named, deleted.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::SourceId;
use domain::source::{
    AppSecret, NAME_BYTES_MAX, SourceKind, SourceState, VerifyToken, callback_path, callback_url,
};
use serde::Serialize;
use serde_json::Value;
use store::{NewSource, SourceRecord};
use utoipa::ToSchema;

use super::path_id;
use super::secrets::random_secret;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::ids;
use crate::schema::source::{NewSourceBody, SourceKindSchema, SourcePatchBody, SourceStateSchema};
use crate::serve::{Config, Shared};
use crate::{auth, body};

/// Fields of a source that are shown and cannot be set.
const SHOWN_ONLY: [&str; 10] = [
    "id",
    "callback_url",
    "state",
    "app_secret_set",
    "previous_app_secret_until",
    "handshake_at",
    "last_notification_at",
    "notifications",
    "created_at",
    "updated_at",
];

/// How many notifications came to a source.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationCountsView {
    /// Taken in, also where nothing in them was new.
    accepted: u64,
    /// Refused; the newest are at `/sources/{id}/refused`.
    refused: u64,
}

/// A source as it is shown. Its app secret never is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    #[schema(value_type = ids::SourceIdText)]
    id: SourceId,
    #[schema(inline = false, value_type = SourceKindSchema)]
    kind: &'static str,
    name: String,
    /// What is pasted into the App Dashboard as callback URL.
    callback_url: String,
    /// What is pasted beside it.
    verify_token: String,
    /// What is missing next, if anything.
    #[schema(value_type = SourceStateSchema)]
    state: &'static str,
    app_secret_set: bool,
    /// Until when an app secret from before the last rotation is accepted, where one is.
    previous_app_secret_until: Option<DateTime<Utc>>,
    /// When Meta last asked for the callback URL with the right verify token.
    handshake_at: Option<DateTime<Utc>>,
    /// When a notification was last taken in; this and the counts are about a second late.
    last_notification_at: Option<DateTime<Utc>>,
    notifications: NotificationCountsView,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl SourceView {
    /// A source as it is now.
    pub fn of(record: SourceRecord, config: &Config, now: DateTime<Utc>) -> Self {
        let SourceRecord {
            id,
            company,
            kind,
            name,
            verify_token,
            has_app_secret,
            previous_secret_until,
            handshake_at,
            last_notification_at,
            accepted,
            refused,
            created_at,
            updated_at,
        } = record;
        let state =
            SourceState::of(has_app_secret, handshake_at.is_some(), last_notification_at.is_some());
        let callback_url = match config.policy.own_origin() {
            Some(own) => callback_url(own, company, id),
            None => callback_path(company, id),
        };
        Self {
            id,
            kind: kind.as_str(),
            name,
            callback_url,
            verify_token: verify_token.as_str().to_owned(),
            state: state.as_str(),
            app_secret_set: has_app_secret,
            previous_app_secret_until: previous_secret_until.filter(|until| *until > now),
            handshake_at,
            last_notification_at,
            notifications: NotificationCountsView { accepted, refused },
            created_at,
            updated_at,
        }
    }
}

/// The company's sources.
#[utoipa::path(get, path = "/api/v1/sources", tag = "Sources", responses((status = 200, description = "A page of sources, newest first.", body = PageView<SourceView>)))]
pub async fn list_sources(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.sources(authorized.caller.company, page).await?;
    let view = |record| SourceView::of(record, &shared.config, authorized.now);
    json(StatusCode::OK, &PageView::of(page, view))
}

/// A new source. Paste its `callback_url` and `verify_token` into the App Dashboard of your Meta app.
#[utoipa::path(post, path = "/api/v1/sources", tag = "Sources", request_body = NewSourceBody, responses((status = 201, description = "The source.", body = SourceView)))]
pub async fn create_source(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let source = read_new(body::text(&body)?, random_secret()?)?;
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    let record = authorized.store(&shared).create_source(company, source, actor, now).await?;
    let location = format!("/api/v1/sources/{}", record.id);
    let view = SourceView::of(record, &shared.config, now);
    let mut answer = json(StatusCode::CREATED, &view)?;
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

fn read_new(text: &str, random: [u8; 32]) -> Result<NewSource, ApiError> {
    let mut fields = Fields::parse(text)?;
    for name in SHOWN_ONLY {
        fields.read_only(name, "");
    }
    fields.require("kind");
    fields.require("name");
    let kind = fields.parsed::<SourceKind>("kind").value();
    let name = fields.line("name", 1..=NAME_BYTES_MAX).value();
    let app_secret = read_app_secret(&mut fields);
    let verify_token = read_verify_token(&mut fields);
    fields.finish()?;
    let (Some(kind), Some(name)) = (kind, name) else {
        return Err(ApiError::Internal("a source was read without its kind or name".into()));
    };
    let verify_token = verify_token.unwrap_or_else(|| VerifyToken::from_random(random));
    Ok(NewSource { kind, name, app_secret, verify_token })
}

/// The field `app_secret`.
pub fn read_app_secret(fields: &mut Fields<'_>) -> Option<AppSecret> {
    let read = |value: Value| {
        let text = value.as_str().ok_or("must be a string")?;
        AppSecret::parse(text).map_err(|error| error.to_string())
    };
    fields.read("app_secret", read).value()
}

/// The field `verify_token`.
pub fn read_verify_token(fields: &mut Fields<'_>) -> Option<VerifyToken> {
    let read = |value: Value| {
        let text = value.as_str().ok_or("must be a string")?;
        VerifyToken::parse(text).map_err(|error| error.to_string())
    };
    fields.read("verify_token", read).value()
}

/// One source.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "Sources", responses((status = 200, description = "The source.", body = SourceView)))]
pub async fn get_source(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let company = authorized.caller.company;
    let record = shared.state.store.source(company, path_id(&req)?).await?;
    json(StatusCode::OK, &SourceView::of(record, &shared.config, authorized.now))
}

/// Gives the source another name. Its app secret and its verify token are rotated on their own.
#[utoipa::path(patch, path = "/api/v1/sources/{id}", tag = "Sources", request_body = SourcePatchBody, responses((status = 200, description = "The source as it is now.", body = SourceView)))]
pub async fn update_source(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let name = read_patch(body::text(&body)?)?;
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    let store = authorized.store(&shared);
    let record = match name {
        Some(name) => store.rename_source(company, id, name, actor, now).await?,
        None => store.source(company, id).await?,
    };
    json(StatusCode::OK, &SourceView::of(record, &shared.config, now))
}

fn read_patch(text: &str) -> Result<Option<String>, ApiError> {
    let mut fields = Fields::parse(text)?;
    for name in SHOWN_ONLY {
        fields.read_only(name, "");
    }
    fields.read_only("kind", "");
    fields.read_only("app_secret", "; POST it to app-secret/rotate");
    fields.read_only("verify_token", "; POST it to verify-token/rotate");
    let name = match fields.line("name", 1..=NAME_BYTES_MAX) {
        Given::Value(name) => Some(name),
        Given::Absent => None,
        Given::Null => {
            fields.mistake("name", Code::InvalidField, "must be a string");
            None
        }
    };
    fields.finish()?;
    Ok(name)
}

/// Deletes a source. Its callback URL answers 404 from then on; its events stay.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", tag = "Sources", responses((status = 204, description = "It is deleted; its events stay.")))]
pub async fn delete_source(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    authorized.store(&shared).delete_source(company, path_id(&req)?, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(error: &ApiError) -> Vec<String> {
        let problem = serde_json::to_value(error.problem()).unwrap();
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_new_source_is_read_and_its_mistakes_are_named() {
        let read = |text| read_new(text, [3; 32]);
        let source = read(r#"{"kind":"whatsapp","name":" Shop ","app_secret":null}"#).unwrap();
        assert_eq!((source.name.as_str(), source.app_secret.is_some()), ("Shop", false));
        assert_eq!(source.verify_token, VerifyToken::from_random([3; 32]));
        let given = r#"{"kind":"whatsapp","name":"x","app_secret":"0123456789abcdef","verify_token":"my-token"}"#;
        let source = read(given).unwrap();
        assert_eq!(source.verify_token.as_str(), "my-token");
        assert_eq!(source.app_secret.unwrap().as_str(), "0123456789abcdef");
        for (text, place) in [
            (r#"{"name":"x"}"#, "/kind"),
            (r#"{"kind":"sms","name":"x"}"#, "/kind"),
            (r#"{"kind":"whatsapp"}"#, "/name"),
            (r#"{"kind":"whatsapp","name":"x","app_secret":"short"}"#, "/app_secret"),
            (r#"{"kind":"whatsapp","name":"x","verify_token":"a b c d e"}"#, "/verify_token"),
            (r#"{"kind":"whatsapp","name":"x","state":"receiving"}"#, "/state"),
            (r#"{"kind":"whatsapp","name":"x","secret":"0123456789abcdef"}"#, "/secret"),
        ] {
            assert_eq!(places(&read(text).unwrap_err()), [place], "{text}");
        }
    }

    #[test]
    fn a_change_is_the_name_alone_and_says_where_the_rest_is_changed() {
        assert_eq!(read_patch(r#"{"name":"Shop 2"}"#).unwrap(), Some("Shop 2".to_owned()));
        assert_eq!(read_patch("{}").unwrap(), None);
        let refused = read_patch(r#"{"app_secret":"0123456789abcdef"}"#).unwrap_err();
        assert!(refused.detail().contains("app-secret/rotate"), "{}", refused.detail());
        for place in ["name", "verify_token", "kind", "callback_url"] {
            let text = format!(r#"{{"{place}":null}}"#);
            assert_eq!(places(&read_patch(&text).unwrap_err()), [format!("/{place}")]);
        }
    }
}
