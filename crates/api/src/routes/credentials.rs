//! Passwords and addresses: chosen anew, proved, changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::person::{EmailAddress, LinkKind};

use super::account::{
    self, UserView, client, link_tried, read_email, read_new_password, store_for, wait,
};
use super::invitations::LINK_BYTES_MAX;
use crate::auth;
use crate::body;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::login;
use crate::respond::json;
use crate::schema::{EmailBody, EmailChangeBody, PasswordBody, PasswordChangeBody, TokenBody};
use crate::serve::Shared;

use domain::throttle::{LINKS, place, subject};

const PASSWORD_BYTES_LOOKED_AT: usize = 1_024;

/// Mails a link by which a new password can be chosen. The answer is the same whether or not anybody
/// has that address.
#[utoipa::path(post, path = "/api/v1/auth/password-reset", tag = "Account", request_body = EmailBody, responses((status = 202, description = "If somebody has that address, they are mailed.")))]
pub async fn request_password_reset(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("email");
    let email = read_email(&mut fields, "email");
    fields.finish()?;
    let store = store_for(&req, &shared);
    let asked = [subject("password_reset", &place(client(&req, &shared)))];
    let [counted] = store.failures(&asked).await?;
    wait(LINKS.left(counted, now))?;
    store.count_failure(&asked, now).await?;
    if let Some(email) = email {
        store.request_password_reset(&email, now).await?;
    }
    Ok(HttpResponse::Accepted().finish())
}

/// Chooses a new password by the link that was mailed. Every login ends.
#[utoipa::path(post, path = "/api/v1/auth/password-reset/confirm", tag = "Account", request_body = PasswordBody, responses((status = 200, description = "The person, who can log in now.", body = UserView)))]
pub async fn confirm_password_reset(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("token");
    fields.require("password");
    let token = fields.text("token", 1..=LINK_BYTES_MAX).value().unwrap_or_default();
    let store = store_for(&req, &shared);
    let kind = LinkKind::ResetPassword;
    let link = link_tried(&req, &shared, async || store.link(kind, &token, now).await).await?;
    let email = EmailAddress::parse(&link.email).ok();
    let password = read_new_password(&mut fields, "password", email.as_ref());
    fields.finish()?;
    let hash = shared.passwords.hash(password.unwrap_or_default()).await?;
    let user = store.reset_password(&token, hash, now).await?;
    json(StatusCode::OK, &UserView::of(user))
}

/// Changes a person's own password. Every other login ends.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "Account", request_body = PasswordChangeBody, responses((status = 200, description = "The person; the cookie is a new one.", body = UserView)))]
pub async fn change_password(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    let (user, now) = (signed_in.found.user.id, signed_in.now);
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("current_password");
    fields.require("new_password");
    let current = fields.text("current_password", 1..=PASSWORD_BYTES_LOOKED_AT).value();
    let email = EmailAddress::parse(&signed_in.found.user.email).ok();
    let new = read_new_password(&mut fields, "new_password", email.as_ref());
    fields.finish()?;
    check_own_password(&req, &shared, user, current.unwrap_or_default()).await?;
    let hash = shared.passwords.hash(new.unwrap_or_default()).await?;
    let (store, login) = (signed_in.store(&shared), signed_in.found.login.id);
    let person = store.change_password(user, hash, login, now).await?;
    let token = store.rotate_login(user, login, now).await?;
    let mut answer = json(StatusCode::OK, &UserView::of(person))?;
    account::add_cookie(&mut answer, &login::cookie(&shared.config, &token))?;
    Ok(answer)
}

/// Asks for another address; a link is mailed to it. Without a mail server it changes at once.
#[utoipa::path(post, path = "/api/v1/auth/email", tag = "Account", request_body = EmailChangeBody, responses((status = 202, description = "A link was mailed to the new address."), (status = 200, description = "There is no mail server: it is the address now.", body = UserView)))]
pub async fn change_email(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    let (user, now) = (signed_in.found.user.id, signed_in.now);
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("email");
    fields.require("password");
    let email = read_email(&mut fields, "email");
    let password = fields.text("password", 1..=PASSWORD_BYTES_LOOKED_AT).value();
    fields.finish()?;
    let Some(email) = email else {
        return Err(ApiError::Internal("a change without its field was taken".into()));
    };
    check_own_password(&req, &shared, user, password.unwrap_or_default()).await?;
    let store = signed_in.store(&shared);
    if shared.config.can_mail {
        store.request_email_change(user, &email, now).await?;
        return Ok(HttpResponse::Accepted().finish());
    }
    json(StatusCode::OK, &UserView::of(store.set_email(user, &email, now).await?))
}

/// Takes the new address over, by the link that was mailed to it.
#[utoipa::path(post, path = "/api/v1/auth/email/confirm", tag = "Account", request_body = TokenBody, responses((status = 200, description = "The person with the new address.", body = UserView)))]
pub async fn confirm_email_change(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, store) = read_link(&req, payload, &shared).await?;
    let now = shared.state.clock.now();
    let user = link_tried(&req, &shared, async || store.confirm_email_change(&token, now).await);
    json(StatusCode::OK, &UserView::of(user.await?))
}

/// Proves an address, by the link that was mailed to it.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "Account", request_body = TokenBody, responses((status = 200, description = "The person, verified.", body = UserView)))]
pub async fn verify_email(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, store) = read_link(&req, payload, &shared).await?;
    let now = shared.state.clock.now();
    let user = link_tried(&req, &shared, async || store.verify_email(&token, now).await);
    json(StatusCode::OK, &UserView::of(user.await?))
}

/// Mails the link that proves a person's address once more.
#[utoipa::path(post, path = "/api/v1/auth/verify-email/send", tag = "Account", responses((status = 202, description = "The link was mailed.")))]
pub async fn send_verification(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let signed_in = auth::person(&req, &shared).await?;
    let user = signed_in.found.user.id;
    signed_in.store(&shared).send_verification(user, signed_in.now).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// The token of a link that was mailed.
pub async fn read_link(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<(String, store::Store), ApiError> {
    login::check_site(req, &shared.config)?;
    let body = body::read(req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("token");
    let token = fields.text("token", 1..=LINK_BYTES_MAX).value().unwrap_or_default();
    fields.finish()?;
    Ok((token, store_for(req, shared)))
}

/// Whoever sits at a browser that is logged in still has to know the password. Guesses count as those
/// of a login do.
async fn check_own_password(
    req: &HttpRequest,
    shared: &Shared,
    user: domain::id::UserId,
    password: String,
) -> Result<(), ApiError> {
    let now = shared.state.clock.now();
    let person = shared.state.store.person(user).await?;
    let subjects = [subject("own_password", &format!("{user}"))];
    let [counted] = shared.state.store.failures(&subjects).await?;
    wait(domain::throttle::LOGINS_HERE.left(counted, now))?;
    if shared.passwords.is_right(password, person.password_hash).await? {
        return Ok(());
    }
    store_for(req, shared).count_failure(&subjects, now).await?;
    let detail = "this is not your present password".to_owned();
    Err(ApiError::Refused { code: Code::WrongCredentials, detail })
}
