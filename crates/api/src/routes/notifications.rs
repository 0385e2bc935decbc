//! Which mails about endpoints a member gets: chosen by themselves, or by who manages members.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::UserId;
use domain::notice::NoticeKind;
use domain::notification::Choices;
use serde::Serialize;
use store::{Bearer, MailChoicesPatch, MailChoicesRecord};
use utoipa::ToSchema;

use super::path_id;
use super::settings::PerKindView;
use crate::auth::{self, Authorized};
use crate::body;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::Query;
use crate::respond::json;
use crate::schema::settings::{ChoicesBody, GetsSchema};
use crate::serve::Shared;

/// Which mails a member has chosen, and gets.
#[derive(Debug, Serialize, ToSchema)]
struct MailChoicesView {
    /// Of each kind: true to get it, false not to, null as the company has it for the role.
    #[schema(value_type = ChoicesBody)]
    chosen: PerKindView<Option<bool>>,
    /// What comes of it. Where nobody would be told that an endpoint is Defective, owners are.
    #[schema(value_type = GetsSchema)]
    gets: PerKindView<bool>,
}

impl MailChoicesView {
    fn of(record: MailChoicesRecord) -> Self {
        let MailChoicesRecord { choices, gets } = record;
        let choices: Choices = choices;
        Self { chosen: PerKindView(choices), gets: PerKindView(gets) }
    }
}

/// The member who calls; the table lets in no token.
fn own_id(authorized: &Authorized) -> Result<UserId, ApiError> {
    match authorized.caller.bearer {
        Bearer::Login { user, .. } => Ok(user),
        Bearer::Token(_) | Bearer::Source(_) => {
            Err(ApiError::Internal("a token was taken for a member".into()))
        }
    }
}

/// Which mails about endpoints you get from this company.
#[utoipa::path(get, path = "/api/v1/auth/me/notifications", tag = "Account", responses((status = 200, description = "What you have chosen, and get.", body = MailChoicesView)))]
pub async fn get_my_notifications(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    show(&shared, &authorized, own_id(&authorized)?).await
}

/// Chooses which mails about endpoints you get from this company.
#[utoipa::path(patch, path = "/api/v1/auth/me/notifications", tag = "Account", request_body = ChoicesBody, responses((status = 200, description = "What you have chosen now, and get.", body = MailChoicesView)))]
pub async fn update_my_notifications(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = own_id(&authorized)?;
    change(&req, payload, &shared, (&authorized, id)).await
}

/// Which mails about endpoints a member gets.
#[utoipa::path(get, path = "/api/v1/members/{id}/notifications", tag = "Members", responses((status = 200, description = "What the member has chosen, and gets.", body = MailChoicesView)))]
pub async fn get_member_notifications(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    show(&shared, &authorized, path_id(&req)?).await
}

/// Chooses which mails about endpoints a member gets, who is no more than you are.
#[utoipa::path(patch, path = "/api/v1/members/{id}/notifications", tag = "Members", request_body = ChoicesBody, responses((status = 200, description = "What is chosen now, and what they get.", body = MailChoicesView)))]
pub async fn update_member_notifications(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    change(&req, payload, &shared, (&authorized, id)).await
}

async fn show(
    shared: &Shared,
    authorized: &Authorized,
    user: UserId,
) -> Result<HttpResponse, ApiError> {
    let record = shared.state.store.mail_choices(authorized.caller.company, user).await?;
    json(StatusCode::OK, &MailChoicesView::of(record))
}

async fn change(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    (authorized, user): (&Authorized, UserId),
) -> Result<HttpResponse, ApiError> {
    let body = body::read(req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    let mut patch = MailChoicesPatch::default();
    for kind in NoticeKind::ALL {
        *patch.of_mut(kind) = match fields.boolean(kind.as_str()) {
            Given::Absent => None,
            Given::Null => Some(None),
            Given::Value(choice) => Some(Some(choice)),
        };
    }
    fields.finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(shared);
    let record = store.set_mail_choices(company, user, patch, actor, authorized.now).await?;
    json(StatusCode::OK, &MailChoicesView::of(record))
}
