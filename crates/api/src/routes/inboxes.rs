//! `/inboxes`: built-in receivers, made, switched, deleted.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::InboxId;
use domain::inbox::{ANSWER_DELAY_MS_MAX, ANSWER_STATUS, InboxAnswer};
use domain::inbox_url::PATH_PREFIX;
use serde::Serialize;
use store::{InboxPatch, InboxRecord};

use super::path_id;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{ids, inbox::InboxBody};
use crate::serve::{Config, Shared};
use crate::{auth, body};
use utoipa::ToSchema;

/// Fields of an inbox that are shown and cannot be set.
const SHOWN_ONLY: [&str; 5] = ["id", "url", "created_at", "expires_at", "requests_kept"];

/// An inbox as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxView {
    #[schema(value_type = ids::InboxIdText)]
    id: InboxId,
    /// Where it takes requests, of any method, also with more behind another slash. Whoever knows it
    /// can write into the inbox.
    url: String,
    answer_status: u16,
    answer_delay_ms: u32,
    created_at: DateTime<Utc>,
    /// 7 days after it was last used or changed.
    expires_at: DateTime<Utc>,
    requests_kept: u64,
}

impl InboxView {
    fn of(record: InboxRecord, config: &Config) -> Self {
        let InboxRecord { id, company: _, key, answer, created_at, expires_at, requests_kept } =
            record;
        let url = match config.policy.own_origin() {
            Some(own) => own.inbox_url(&key),
            None => format!("{PATH_PREFIX}{}", key.as_str()),
        };
        Self {
            id,
            url,
            answer_status: answer.status,
            answer_delay_ms: answer.delay_ms,
            created_at,
            expires_at,
            requests_kept,
        }
    }
}

/// The company's inboxes.
#[utoipa::path(get, path = "/api/v1/inboxes", tag = "Inboxes", responses((status = 200, description = "A page of inboxes, newest first.", body = PageView<InboxView>)))]
pub async fn list_inboxes(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let company = authorized.caller.company;
    let page = shared.state.store.inboxes(company, page, authorized.now).await?;
    json(StatusCode::OK, &PageView::of(page, |record| InboxView::of(record, &shared.config)))
}

/// A new inbox: a URL that takes requests at once, for 7 days after it was last used. An endpoint may
/// have this URL, whatever addresses are refused otherwise.
#[utoipa::path(post, path = "/api/v1/inboxes", tag = "Inboxes", request_body = InboxBody, responses((status = 201, description = "The inbox.", body = InboxView)))]
pub async fn create_inbox(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse_optional(body::text(&body)?)?;
    let InboxPatch { status, delay_ms } = read_answer(&mut fields);
    fields.finish()?;
    let default = InboxAnswer::default();
    let answer = InboxAnswer {
        status: status.unwrap_or(default.status),
        delay_ms: delay_ms.unwrap_or(default.delay_ms),
    };
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let record = store.create_inbox(company, answer, actor, authorized.now).await?;
    let location = format!("/api/v1/inboxes/{}", record.id);
    let mut answer = json(StatusCode::CREATED, &InboxView::of(record, &shared.config))?;
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

fn read_answer(fields: &mut Fields<'_>) -> InboxPatch {
    let default = InboxAnswer::default();
    let (low, high) = (i64::from(*ANSWER_STATUS.start()), i64::from(*ANSWER_STATUS.end()));
    let status = fields.integer("answer_status", low..=high);
    let delay_ms = fields.integer("answer_delay_ms", 0..=i64::from(ANSWER_DELAY_MS_MAX));
    InboxPatch {
        status: or_default(status, default.status),
        delay_ms: or_default(delay_ms, default.delay_ms),
    }
}

fn or_default<T: TryFrom<i64>>(given: Given<i64>, default: T) -> Option<T> {
    match given {
        Given::Absent => None,
        Given::Null => Some(default),
        Given::Value(number) => T::try_from(number).ok(),
    }
}

/// One inbox.
#[utoipa::path(get, path = "/api/v1/inboxes/{id}", tag = "Inboxes", responses((status = 200, description = "The inbox.", body = InboxView)))]
pub async fn get_inbox(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let company = authorized.caller.company;
    let record = shared.state.store.inbox(company, path_id(&req)?, authorized.now).await?;
    json(StatusCode::OK, &InboxView::of(record, &shared.config))
}

/// Switches how the inbox answers from now on: another status, a delay. It lives for 7 more days.
#[utoipa::path(patch, path = "/api/v1/inboxes/{id}", tag = "Inboxes", request_body = InboxBody, responses((status = 200, description = "The inbox as it is now.", body = InboxView)))]
pub async fn update_inbox(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    for name in SHOWN_ONLY {
        fields.read_only(name, "");
    }
    let patch = read_answer(&mut fields);
    fields.finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let record = store.update_inbox(company, id, patch, actor, authorized.now).await?;
    json(StatusCode::OK, &InboxView::of(record, &shared.config))
}

/// Deletes an inbox with all that it keeps. Its URL answers 404 from then on.
#[utoipa::path(delete, path = "/api/v1/inboxes/{id}", tag = "Inboxes", responses((status = 204, description = "It is deleted.")))]
pub async fn delete_inbox(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    authorized.store(&shared).delete_inbox(company, path_id(&req)?, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<u16>, Option<u32>), ApiError> {
        let mut fields = Fields::parse_optional(text)?;
        let InboxPatch { status, delay_ms } = read_answer(&mut fields);
        fields.finish().map(|()| (status, delay_ms))
    }

    #[test]
    fn status_and_delay_are_read_to_their_edges() {
        assert_eq!(read("").unwrap(), (None, None));
        assert_eq!(
            read(r#"{"answer_status":200,"answer_delay_ms":0}"#).unwrap(),
            (Some(200), Some(0))
        );
        let most = r#"{"answer_status":599,"answer_delay_ms":30000}"#;
        assert_eq!(read(most).unwrap(), (Some(599), Some(30_000)));
        let null = r#"{"answer_status":null,"answer_delay_ms":null}"#;
        assert_eq!(read(null).unwrap(), (Some(200), Some(0)));
        for bad in [
            r#"{"answer_status":199}"#,
            r#"{"answer_status":600}"#,
            r#"{"answer_status":"200"}"#,
            r#"{"answer_delay_ms":-1}"#,
            r#"{"answer_delay_ms":30001}"#,
            r#"{"answer_delay_ms":1.5}"#,
            r#"{"delay":1}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code().status(), 422, "{bad}");
        }
    }
}
