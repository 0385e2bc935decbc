//! `/audit-log`: who changed what.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::AuditId;
use serde::Serialize;
use store::{AuditFilter, AuditRecord};
use utoipa::ToSchema;

use crate::auth;
use crate::error::ApiError;
use crate::query::{CutPageView, Query};
use crate::respond::json;
use crate::schema::{AuditLogParams, ids};
use crate::serve::Shared;

const TEXT_BYTES_MAX: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
struct AuditLineView {
    #[schema(value_type = ids::AuditIdText)]
    id: AuditId,
    /// Who did it: a person, a token, `cli` or `operator`.
    actor: String,
    /// From which address; empty where it came from no request.
    address: String,
    /// What was done: `endpoint.updated`.
    action: String,
    /// To what.
    subject: String,
    /// More about it, never a secret.
    #[schema(value_type = Object)]
    facts: serde_json::Value,
    created_at: DateTime<Utc>,
}

impl AuditLineView {
    fn of(record: AuditRecord) -> Self {
        let AuditRecord { id, actor, address, action, subject, facts, created_at } = record;
        Self { id, actor, address, action, subject, facts, created_at }
    }
}

/// Every change and every secret that was revealed: who, when, from where.
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "Audit log", params(AuditLogParams), responses((status = 200, description = "A page of lines, newest first.", body = CutPageView<AuditLineView>)))]
pub async fn list_audit_log(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    let filter = AuditFilter {
        actor: query.text("actor", TEXT_BYTES_MAX),
        action: query.text("action", TEXT_BYTES_MAX),
        subject: query.text("subject", TEXT_BYTES_MAX),
        since: query.time("since"),
        until: query.time("until"),
    };
    query.finish()?;
    let page = shared.state.store.audit_log(authorized.caller.company, filter, page).await?;
    json(StatusCode::OK, &CutPageView::of(page, AuditLineView::of))
}
