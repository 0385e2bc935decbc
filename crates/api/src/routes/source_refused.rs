//! `/sources/{id}/refused`: the newest of what a source refused, and why.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::RefusedNotificationId;
use serde::Serialize;
use store::RefusedRecord;
use utoipa::ToSchema;

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::ids;
use crate::schema::source::RefusalReasonSchema;
use crate::serve::Shared;

/// A notification, or a question of Meta's, that a source refused. What was in it is not kept: it may be
/// anybody's, and what Meta sent comes again.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedNotificationView {
    #[schema(value_type = ids::RefusedNotificationIdText)]
    id: RefusedNotificationId,
    received_at: DateTime<Utc>,
    #[schema(value_type = RefusalReasonSchema)]
    reason: &'static str,
    /// What is wrong, where, and what to do.
    detail: String,
    /// How large its body was, or said to be.
    body_bytes: u64,
    /// Who sent it.
    #[schema(value_type = Option<String>)]
    address: Option<IpAddr>,
}

impl RefusedNotificationView {
    fn of(record: RefusedRecord) -> Self {
        let RefusedRecord { id, reason, detail, bytes, address, received_at } = record;
        let reason = reason.as_str();
        Self { id, received_at, reason, detail, body_bytes: bytes, address }
    }
}

/// What the source refused: the newest 20 of each reason, of the last 7 days.
#[utoipa::path(get, path = "/api/v1/sources/{id}/refused", tag = "Sources", responses((status = 200, description = "A page of what was refused, newest first.", body = PageView<RefusedNotificationView>)))]
pub async fn list_refused_notifications(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let page = shared.state.store.refused_notifications(company, id, page, now).await?;
    json(StatusCode::OK, &PageView::of(page, RefusedNotificationView::of))
}
