//! `/auth`: coming in, going out.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, UserId};
use domain::person::{EmailAddress, PersonName, check_password};
use domain::throttle::{LINKS, LoginTry, SIGN_UPS, login_subjects, login_wait, place, subject};
use serde::Serialize;
use store::{LoginFrom, PersonForLogin, SignUp, SignedUp, Store, UserRecord};
use utoipa::ToSchema;

use crate::body;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::login;
use crate::origin;
use crate::respond::json_unkept;
use crate::schema::{LoginBody, SignUpBody, ids};
use crate::serve::{Shared, SignUps};

/// The longest name of a company, in bytes.
pub const COMPANY_NAME_BYTES_MAX: usize = 100;
const PASSWORD_BYTES_LOOKED_AT: usize = 1_024;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    #[schema(value_type = ids::UserIdText)]
    id: UserId,
    email: String,
    name: String,
    /// Whether the address was proved to be theirs.
    verified: bool,
    created_at: DateTime<Utc>,
}

impl UserView {
    /// A person.
    pub fn of(record: UserRecord) -> Self {
        let UserRecord { id, email, name, verified_at, created_at, .. } = record;
        Self { id, email, name, verified: verified_at.is_some(), created_at }
    }
}

/// A company, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyNameView {
    /// Its id.
    #[schema(value_type = ids::CompanyIdText)]
    pub id: CompanyId,
    /// Its name.
    pub name: String,
}

/// A new company and its owner, who is logged in by the cookie of this answer.
#[derive(Debug, Serialize, ToSchema)]
struct SignedUpView {
    company: CompanyNameView,
    user: UserView,
}

/// Who has logged in.
#[derive(Debug, Serialize, ToSchema)]
struct LoggedInView {
    user: UserView,
}

/// A new company with its owner. Without a mail server the address counts as proved; else a link is
/// mailed to it.
#[utoipa::path(post, path = "/api/v1/auth/signup", tag = "Account", request_body = SignUpBody, responses((status = 201, description = "The company and its owner, who is logged in.", body = SignedUpView)))]
pub async fn sign_up(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    if shared.config.sign_ups == SignUps::Closed {
        let detail = "sign-up is switched off here; ask the operator for an account".to_owned();
        return Err(ApiError::Refused { code: Code::SignupClosed, detail });
    }
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    for name in ["company_name", "email", "password"] {
        fields.require(name);
    }
    let company_name = fields.line("company_name", 1..=COMPANY_NAME_BYTES_MAX).value();
    let email = read_email(&mut fields, "email");
    let name = read_name(&mut fields);
    let password = read_new_password(&mut fields, "password", email.as_ref());
    fields.finish()?;
    let (Some(company_name), Some(email), Some(password)) = (company_name, email, password) else {
        return Err(ApiError::Internal("a sign-up without its fields was taken".into()));
    };
    let address = client(&req, &shared);
    let store = shared.state.store.asked_from(Some(address));
    let tries = [subject("sign_up", &place(address))];
    let [counted] = store.failures(&tries).await?;
    wait(SIGN_UPS.left(counted, now))?;
    store.count_failure(&tries, now).await?;
    let password_hash = shared.passwords.hash(password).await?;
    let new =
        SignUp { company_name, email, name, password_hash, verified: !shared.config.can_mail };
    let SignedUp { company, user } = store.sign_up(new, now).await?;
    let id = user.id;
    let company = CompanyNameView { id: company.id, name: company.name };
    let view = SignedUpView { company, user: UserView::of(user) };
    let mut answer = json_unkept(StatusCode::CREATED, &view)?;
    log_in_here(&req, &shared, &mut answer, id, now).await?;
    Ok(answer)
}

/// Lets a person in by address and password; the answer's cookie does from then on. Wrong ones wait
/// longer and longer, but never whoever has come from the same place before.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "Account", request_body = LoginBody, responses((status = 200, description = "Who has logged in.", body = LoggedInView)))]
pub async fn log_in(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("email");
    fields.require("password");
    let email = read_email(&mut fields, "email");
    let password = fields.text("password", 1..=PASSWORD_BYTES_LOOKED_AT).value();
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(ApiError::Internal("a login without its fields was taken".into()));
    };
    let address = client(&req, &shared);
    let store = shared.state.store.asked_from(Some(address));
    let person = store.person_for_login(&email).await?;
    let subjects = login_subjects(address, email.key());
    let [here, account, from_address] = store.failures(&subjects).await?;
    let known_address = match &person {
        Some(person) => store.is_known_address(person.user.id, address).await?,
        None => false,
    };
    let attempt = LoginTry { here, account, address: from_address, known_address };
    wait(login_wait(&attempt, now))?;
    let hash = person.as_ref().and_then(|person| person.password_hash.clone());
    if !shared.passwords.is_right(password, hash).await? {
        store.count_failure(&subjects, now).await?;
        return Err(wrong_credentials());
    }
    let Some(PersonForLogin { user, password_hash }) = person else {
        return Err(wrong_credentials());
    };
    let from_where = address.to_string();
    let made =
        store.make_login(user.id, password_hash.as_deref(), from(&req, &from_where), now).await;
    let (_, token) = match made {
        Err(store::Error::Unauthorized) => return Err(wrong_credentials()),
        made => made?,
    };
    store.clear_failures(subjects[0]).await?;
    let mut answer = json_unkept(StatusCode::OK, &LoggedInView { user: UserView::of(user) })?;
    add_cookie(&mut answer, &login::cookie(&shared.config, &token))?;
    Ok(answer)
}

/// Ends the login of the cookie; it is fine where there is none.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "Account", responses((status = 204, description = "Nobody is logged in.")))]
pub async fn log_out(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = shared.state.clock.now();
    login::check_site(&req, &shared.config)?;
    if let Some(token) = login::token(&req, &shared.config) {
        let store = shared.state.store.asked_from(Some(client(&req, &shared)));
        store.log_out(&token, now).await?;
    }
    let mut answer = HttpResponse::NoContent().finish();
    add_cookie(&mut answer, &login::no_cookie(&shared.config))?;
    Ok(answer)
}

/// Puts a cookie into an answer.
pub fn add_cookie(
    answer: &mut HttpResponse,
    cookie: &actix_web::cookie::Cookie<'_>,
) -> Result<(), ApiError> {
    answer.add_cookie(cookie).map_err(|error| ApiError::Internal(error.to_string().into()))
}

fn wrong_credentials() -> ApiError {
    let detail = "address and password do not belong together".to_owned();
    ApiError::Refused { code: Code::WrongCredentials, detail }
}

/// Tells whoever has to wait how long.
pub fn wait(left: Option<chrono::TimeDelta>) -> Result<(), ApiError> {
    match left {
        None => Ok(()),
        Some(left) => Err(ApiError::TooManyTries { seconds: left.num_seconds().max(0) + 1 }),
    }
}

/// From where a request comes; without a peer, as in tests without a network, from nowhere.
pub fn client(req: &HttpRequest, shared: &Shared) -> IpAddr {
    origin::of(req, &shared.config.trusted_proxies).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The database for what a request without a login changes.
pub fn store_for(req: &HttpRequest, shared: &Shared) -> Store {
    shared.state.store.asked_from(Some(client(req, shared)))
}

/// Uses a link. Whoever tries many that do not work has to wait.
pub async fn link_tried<T>(
    req: &HttpRequest,
    shared: &Shared,
    using: impl AsyncFnOnce() -> Result<T, store::Error>,
) -> Result<T, ApiError> {
    let now = shared.state.clock.now();
    let store = &shared.state.store;
    let tries = [subject("link", &place(client(req, shared)))];
    let [counted] = store.failures(&tries).await?;
    wait(LINKS.left(counted, now))?;
    match using().await {
        Err(store::Error::NotFound) => {
            store.count_failure(&tries, now).await?;
            Err(ApiError::NotFound)
        }
        used => Ok(used?),
    }
}

/// Logs a person in who has just come, by the cookie of the answer.
pub async fn log_in_here(
    req: &HttpRequest,
    shared: &Shared,
    answer: &mut HttpResponse,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let address = client(req, shared).to_string();
    let store = store_for(req, shared);
    let (_, token) = store.make_login(user, None, from(req, &address), now).await?;
    add_cookie(answer, &login::cookie(&shared.config, &token))
}

fn from<'a>(req: &'a HttpRequest, address: &'a str) -> LoginFrom<'a> {
    let agent = req.headers().get("user-agent").and_then(|value| value.to_str().ok());
    LoginFrom { address, user_agent: agent.unwrap_or_default() }
}

/// A mail address.
pub fn read_email(fields: &mut Fields<'_>, name: &str) -> Option<EmailAddress> {
    fields
        .read(name, |value| {
            let text = value.as_str().ok_or("must be a string")?;
            EmailAddress::parse(text).map_err(|error| error.to_string())
        })
        .value()
}

/// `name`.
pub fn read_name(fields: &mut Fields<'_>) -> Option<PersonName> {
    fields
        .read("name", |value| {
            let text = value.as_str().ok_or("must be a string")?;
            PersonName::parse(text).map_err(|error| error.to_string())
        })
        .value()
}

/// A password that is to be somebody's.
pub fn read_new_password(
    fields: &mut Fields<'_>,
    name: &str,
    email: Option<&EmailAddress>,
) -> Option<String> {
    let password = match fields.text(name, 1..=PASSWORD_BYTES_LOOKED_AT) {
        Given::Value(password) => password,
        Given::Absent | Given::Null => return None,
    };
    match email.map(|email| check_password(&password, email)) {
        Some(Err(error)) => {
            fields.mistake(name, Code::InvalidField, error.to_string());
            None
        }
        Some(Ok(())) | None => Some(password),
    }
}
