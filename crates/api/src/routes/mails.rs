//! `/mails`: mails of the company, sent or kept: what they say, and what became of them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{EndpointId, MailId};
use serde::{Serialize, Serializer};
use store::{CompanyMail, MailRecord, MailWords, MailWriter};

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{AnyMailFactsSchema, ids};
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
    subject: String,
    /// What it says, as plain text.
    text: String,
    #[schema(value_type = AnyMailFactsSchema)]
    facts: FactsView,
    state: &'static str,
    tries: u32,
    last_error: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

/// What a mail's text is made of.
#[derive(Debug)]
struct FactsView(CompanyMail);

impl Serialize for FactsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            CompanyMail::Endpoint { kind: _, facts } => facts.serialize(serializer),
            CompanyMail::Test(facts) => facts.serialize(serializer),
        }
    }
}

impl MailView {
    fn of(record: MailRecord, writer: &dyn MailWriter) -> Self {
        let MailWords { subject, text } = writer.words(&record);
        let MailRecord {
            id,
            endpoint,
            recipient,
            is_to_member: _,
            content,
            state,
            tries,
            last_error,
            due_at,
            created_at,
            sent_at,
        } = record;
        Self {
            id,
            kind: content.kind(),
            endpoint_id: endpoint,
            recipient,
            subject,
            text,
            facts: FactsView(content),
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
    json(
        StatusCode::OK,
        &PageView::of(page, |mail| MailView::of(mail, shared.state.texts.as_ref())),
    )
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
    json(StatusCode::OK, &MailView::of(mail, shared.state.texts.as_ref()))
}
