//! `/mails`: mails about endpoints, sent or kept.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{EndpointId, MailId};
use serde::Serialize;
use store::{MailFacts, MailRecord};

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{MailFactsSchema, ids};
use crate::serve::Shared;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
struct MailView {
    #[schema(value_type = ids::MailIdText)]
    id: MailId,
    kind: &'static str,
    #[schema(value_type = Option<ids::EndpointIdText>)]
    endpoint_id: Option<EndpointId>,
    recipient: String,
    #[schema(value_type = MailFactsSchema)]
    facts: MailFacts,
    state: &'static str,
    tries: u32,
    last_error: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl MailView {
    fn of(record: MailRecord) -> Self {
        let MailRecord {
            id,
            endpoint,
            kind,
            recipient,
            facts,
            state,
            tries,
            last_error,
            due_at,
            created_at,
            sent_at,
        } = record;
        Self {
            id,
            kind: kind.as_str(),
            endpoint_id: endpoint,
            recipient,
            facts,
            state: state.as_str(),
            tries,
            last_error,
            due_at,
            created_at,
            sent_at,
        }
    }
}

/// The company's mails.
#[utoipa::path(get, path = "/api/v1/mails", tag = "Mails", responses((status = 200, description = "A page of mails, newest first.", body = PageView<MailView>)))]
pub async fn list_mails(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.mails(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, MailView::of))
}

/// One mail.
#[utoipa::path(get, path = "/api/v1/mails/{id}", tag = "Mails", responses((status = 200, description = "The mail.", body = MailView)))]
pub async fn get_mail(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let mail = shared.state.store.mail(authorized.caller.company, path_id(&req)?).await?;
    json(StatusCode::OK, &MailView::of(mail))
}
