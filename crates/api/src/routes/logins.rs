//! `/auth/logins`: where a person is logged in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::LoginId;
use serde::Serialize;
use store::LoginRecord;
use utoipa::ToSchema;

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::ids;
use crate::serve::Shared;

/// A place where a person is logged in.
#[derive(Debug, Serialize, ToSchema)]
struct LoginView {
    #[schema(value_type = ids::LoginIdText)]
    id: LoginId,
    /// From where it was made.
    address: String,
    /// By which browser it was made.
    user_agent: String,
    /// Whether it is the one of this request.
    current: bool,
    created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    seen_at: DateTime<Utc>,
    /// When it ends if it is not used.
    expires_at: DateTime<Utc>,
}

impl LoginView {
    fn of(record: LoginRecord, current: LoginId) -> Self {
        let LoginRecord { id, user: _, address, user_agent, created_at, seen_at, expires_at } =
            record;
        let current = id == current;
        Self { id, address, user_agent, current, created_at, seen_at, expires_at }
    }
}

/// Where a person is logged in, the newest first, in one page.
#[utoipa::path(get, path = "/api/v1/auth/logins", tag = "Account", responses((status = 200, description = "The person's logins.", body = PageView<LoginView>)))]
pub async fn list_logins(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    let mut query = Query::of(&req);
    query.page();
    query.finish()?;
    let (login, user) = (signed_in.found.login.id, signed_in.found.user.id);
    let logins = shared.state.store.logins(user, signed_in.now).await?;
    let page = store::Page { data: logins, next: None };
    json(StatusCode::OK, &PageView::of(page, |record| LoginView::of(record, login)))
}

/// Ends one of a person's logins.
#[utoipa::path(delete, path = "/api/v1/auth/logins/{id}", tag = "Account", responses((status = 204, description = "It lets nobody in any more.")))]
pub async fn revoke_login(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (user, id) = (signed_in.found.user.id, path_id(&req)?);
    signed_in.store(&shared).revoke_login(user, id, signed_in.now).await?;
    Ok(HttpResponse::NoContent().finish())
}
