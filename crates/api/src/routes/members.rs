//! `/members`: the people of a company, and what each may.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::role::Role;
use serde::Serialize;
use store::{Bearer, MemberRecord};
use utoipa::ToSchema;

use super::path_id;
use crate::auth;
use crate::body;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{RoleBody, ids};
use crate::serve::Shared;

/// A person in the company.
#[derive(Debug, Serialize, ToSchema)]
struct MemberView {
    /// The person's id.
    #[schema(value_type = ids::UserIdText)]
    id: UserId,
    email: String,
    name: String,
    /// `viewer`, `developer`, `admin` or `owner`.
    role: &'static str,
    /// Whether the address was proved to be theirs.
    verified: bool,
    since: DateTime<Utc>,
}

impl MemberView {
    fn of(record: MemberRecord) -> Self {
        let MemberRecord { user, email, name, role, verified, since } = record;
        Self { id: user, email, name, role: role.as_str(), verified, since }
    }
}

/// `role`.
pub fn read_role(fields: &mut Fields<'_>) -> Option<Role> {
    fields
        .read("role", |value| {
            let all = Role::ALL.map(Role::as_str).join(", ");
            value.as_str().and_then(Role::parse).ok_or_else(|| format!("must be one of {all}"))
        })
        .value()
}

/// The people of the company.
#[utoipa::path(get, path = "/api/v1/members", tag = "Members", responses((status = 200, description = "A page of people, the newest first.", body = PageView<MemberView>)))]
pub async fn list_members(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let mut query = Query::of(&req);
    let page = query.page();
    query.finish()?;
    let page = shared.state.store.members(authorized.caller.company, page).await?;
    json(StatusCode::OK, &PageView::of(page, MemberView::of))
}

/// Gives a member another role. Nobody gives or takes more than they are themselves, and a company
/// keeps an owner.
#[utoipa::path(patch, path = "/api/v1/members/{id}", tag = "Members", request_body = RoleBody, responses((status = 200, description = "The member as they are now.", body = MemberView)))]
pub async fn update_member(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("role");
    let role = read_role(&mut fields);
    fields.finish()?;
    let Some(role) = role else {
        return Err(ApiError::Internal("a change without its field was taken".into()));
    };
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let member = store.set_role(company, id, role, actor, authorized.now).await?;
    json(StatusCode::OK, &MemberView::of(member))
}

/// Takes a person out of the company; the invitations that they made no longer work.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "Members", responses((status = 204, description = "They are no member any more.")))]
pub async fn remove_member(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let id = path_id(&req)?;
    authorized.store(&shared).remove_member(company, id, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Leaves the company; its last owner cannot.
#[utoipa::path(post, path = "/api/v1/members/leave", tag = "Members", responses((status = 204, description = "You are no member any more.")))]
pub async fn leave_company(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let company = authorized.caller.company;
    if let Bearer::Login { user, .. } = authorized.caller.bearer {
        let (store, actor) = (authorized.store(&shared), authorized.actor());
        store.remove_member(company, user, actor, authorized.now).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Makes another member the owner; who was it is an admin from then on.
#[utoipa::path(post, path = "/api/v1/members/{id}/make-owner", tag = "Members", responses((status = 200, description = "The new owner.", body = MemberView)))]
pub async fn make_owner(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let (company, to) = (authorized.caller.company, path_id(&req)?);
    let store = authorized.store(&shared);
    if let Bearer::Login { user, .. } = authorized.caller.bearer {
        store.hand_over_ownership(company, user, to, authorized.now).await?;
    }
    json(StatusCode::OK, &MemberView::of(store.member(company, to).await?))
}
