//! `/invitations`: people are asked into a company, and come.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::InvitationId;
use serde::Serialize;
use store::{Accepting, InvitationByToken, InvitationRecord};
use utoipa::ToSchema;

use super::account::{self, CompanyNameView, UserView, read_email, read_name, read_new_password};
use super::members::read_role;
use super::path_id;
use crate::auth;
use crate::body;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::login;
use crate::query::{PageView, Query};
use crate::respond::{json, json_unkept};
use crate::schema::{AcceptInvitationBody, InvitationBody, TokenBody, ids};
use crate::serve::Shared;

/// The longest token of a link that is looked at.
pub const LINK_BYTES_MAX: usize = 128;

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationView {
    #[schema(value_type = ids::InvitationIdText)]
    id: InvitationId,
    email: String,
    /// `viewer`, `developer`, `admin` or `owner`.
    role: &'static str,
    /// `open`, `accepted`, `revoked` or `expired`.
    state: &'static str,
    /// A person, a token, or `cli`.
    invited_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    /// What its link carries; shown this once, and only where no mail can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl InvitationView {
    fn of(record: InvitationRecord, token: Option<String>) -> Self {
        let InvitationRecord {
            id,
            company: _,
            email,
            role,
            state,
            invited_by,
            created_at,
            expires_at,
            accepted_at,
        } = record;
        let (role, state) = (role.as_str(), state.as_str());
        Self { id, email, role, state, invited_by, created_at, expires_at, accepted_at, token }
    }
}

/// An invitation as whoever holds its link sees it.
#[derive(Debug, Serialize, ToSchema)]
struct InvitedView {
    company_name: String,
    email: String,
    role: &'static str,
    /// Whether the address has an account, whose person has to log in to accept.
    has_account: bool,
    expires_at: DateTime<Utc>,
}

/// Who has come, and where.
#[derive(Debug, Serialize, ToSchema)]
struct AcceptedInvitationView {
    company: CompanyNameView,
    user: UserView,
}

/// Asks somebody into the company; they are mailed a link that works for 7 days.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "Members", request_body = InvitationBody, responses((status = 201, description = "The invitation.", body = InvitationView)))]
pub async fn create_invitation(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("email");
    fields.require("role");
    let (email, role) = (read_email(&mut fields, "email"), read_role(&mut fields));
    fields.finish()?;
    let (Some(email), Some(role)) = (email, role) else {
        return Err(ApiError::Internal("an invitation without its fields was taken".into()));
    };
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let (record, token) = store.invite(company, &email, role, actor, authorized.now).await?;
    // With a mail server only who reads that mailbox is to have it.
    let token = (!shared.config.can_mail).then_some(token);
    json_unkept(StatusCode::CREATED, &InvitationView::of(record, token))
}

/// The company's invitations.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "Members", responses((status = 200, description = "A page of invitations, newest first.", body = PageView<InvitationView>)))]
pub async fn list_invitations(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let page = shared.state.store.invitations(company, page, now).await?;
    json(StatusCode::OK, &PageView::of(page, |record| InvitationView::of(record, None)))
}

/// Takes an invitation back; its link no longer works.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "Members", responses((status = 204, description = "Its link no longer works.")))]
pub async fn revoke_invitation(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let id = path_id(&req)?;
    authorized.store(&shared).revoke_invitation(company, id, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the link of an invitation is for, without accepting it.
#[utoipa::path(post, path = "/api/v1/invitations/show", tag = "Members", request_body = TokenBody, responses((status = 200, description = "Who is invited, into which company.", body = InvitedView)))]
pub async fn show_invitation(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("token");
    let token = fields.text("token", 1..=LINK_BYTES_MAX).value().unwrap_or_default();
    fields.finish()?;
    let found = account::link_tried(&req, &shared, async || {
        shared.state.store.invitation_by_token(&token, now).await
    });
    let InvitationByToken { invitation, company_name, has_account } = found.await?;
    let InvitationRecord { email, role, expires_at, .. } = invitation;
    let role = role.as_str();
    json(StatusCode::OK, &InvitedView { company_name, email, role, has_account, expires_at })
}

/// Accepts an invitation: as the person who is logged in, or as somebody new, with a password.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "Members", request_body = AcceptInvitationBody, responses((status = 200, description = "Who has come, logged in.", body = AcceptedInvitationView)))]
pub async fn accept_invitation(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("token");
    let token = fields.text("token", 1..=LINK_BYTES_MAX).value().unwrap_or_default();
    let name = read_name(&mut fields);
    let signed_in = login::token(&req, &shared.config).is_some()
        && !req.headers().contains_key(header::AUTHORIZATION);
    if !signed_in {
        fields.require("password");
    }
    let store = account::store_for(&req, &shared);
    let invited =
        account::link_tried(&req, &shared, async || store.invitation_by_token(&token, now).await);
    let email = domain::person::EmailAddress::parse(&invited.await?.invitation.email).ok();
    let password = read_new_password(&mut fields, "password", email.as_ref());
    fields.finish()?;
    let who = match password.filter(|_| !signed_in) {
        Some(password) => {
            let password_hash = shared.passwords.hash(password).await?;
            Accepting::New { name, password_hash }
        }
        None => Accepting::Person(login::find(&req, &shared, now).await?.user.id),
    };
    let is_new = matches!(who, Accepting::New { .. });
    let (company, user) = store.accept_invitation(&token, who, now).await?;
    let company = store.company(company).await?;
    let id = user.id;
    let view = AcceptedInvitationView {
        company: CompanyNameView { id: company.id, name: company.name },
        user: UserView::of(user),
    };
    let mut answer = json_unkept(StatusCode::OK, &view)?;
    if is_new {
        account::log_in_here(&req, &shared, &mut answer, id, now).await?;
    }
    Ok(answer)
}
