//! Who is calling: the `Authorization` header, and what its token may do.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use chrono::{DateTime, Utc};
use domain::operator::COMPANY_TOKEN_PREFIX;
use domain::scope::Scope;
use domain::throttle;
use store::{Actor, Bearer, Caller, FoundLogin, Store};

use crate::access::{self, Access};
use crate::code::Code;
use crate::error::{ApiError, suspended};
use crate::routes::wait;
use crate::serve::Shared;
use crate::{login, origin, request_id};

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 256;

/// A caller with the scope that was asked for, at the time of the request.
#[derive(Debug)]
pub struct Authorized {
    /// Who it is.
    pub caller: Caller,
    /// When the request came; the only time it knows.
    pub now: DateTime<Utc>,
    /// From where it came.
    origin: Option<IpAddr>,
}

impl Authorized {
    /// The caller, for the audit log.
    pub const fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// Refuses whoever lacks this scope, beside the one that the table of routes asks for.
    pub fn must_also(&self, scope: Scope) -> Result<(), ApiError> {
        check(&self.caller, Access::Scope(scope))
    }

    /// The database for changes: what is written down about them says from where they were asked for.
    pub fn store(&self, shared: &Shared) -> Store {
        shared.state.store.asked_from(self.origin)
    }
}

/// Reads the token from the database and checks that it may do what the table of routes asks for.
pub async fn authorize(req: &HttpRequest, shared: &Shared) -> Result<Authorized, ApiError> {
    let access =
        access::of(req).ok_or_else(|| ApiError::Internal("a route without a row".into()))?;
    let authorized = identify(req, shared).await?;
    request_id::note_company(authorized.caller.company);
    check(&authorized.caller, access)?;
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    if !reads && authorized.caller.suspended_since.is_some() {
        return Err(suspended());
    }
    Ok(authorized)
}

/// Who calls, whatever they may do: the bearer of a token, or a person in one of their companies.
pub async fn identify(req: &HttpRequest, shared: &Shared) -> Result<Authorized, ApiError> {
    let (now, origin) = (shared.state.clock.now(), origin_of(req, shared));
    let store = &shared.state.store;
    if req.headers().contains_key(header::AUTHORIZATION) {
        let caller = live(store.authenticate(bearer(req)?, now).await, now)?;
        return Ok(Authorized { caller, now, origin });
    }
    let found = login::find(req, shared, now).await?;
    let company = login::company(req, &found)?;
    let caller = store.caller_of_login(found.login.id, found.user.id, company, now).await?;
    Ok(Authorized { caller, now, origin })
}

/// A person who is logged in, whatever company it is about.
#[derive(Debug)]
pub struct SignedIn {
    /// Their login, they themselves, and what they may.
    pub found: FoundLogin,
    /// When the request came.
    pub now: DateTime<Utc>,
    origin: Option<IpAddr>,
}

impl SignedIn {
    /// The database for changes, as [`Authorized::store`].
    pub fn store(&self, shared: &Shared) -> Store {
        shared.state.store.asked_from(self.origin)
    }
}

/// The person who calls; a token is none.
pub async fn person(req: &HttpRequest, shared: &Shared) -> Result<SignedIn, ApiError> {
    let (now, origin) = (shared.state.clock.now(), origin_of(req, shared));
    if req.headers().contains_key(header::AUTHORIZATION) {
        live(shared.state.store.authenticate(bearer(req)?, now).await, now)?;
        return Err(login_needed());
    }
    Ok(SignedIn { found: login::find(req, shared, now).await?, now, origin })
}

fn login_needed() -> ApiError {
    let detail = "this is for people who are logged in, not for API tokens".to_owned();
    ApiError::Refused { code: Code::LoginNeeded, detail }
}

/// The operator, who belongs to no company.
#[derive(Debug)]
pub struct Operator {
    /// When the request came.
    pub now: DateTime<Utc>,
    origin: Option<IpAddr>,
}

impl Operator {
    /// The database for changes, as [`Authorized::store`].
    pub fn store(&self, shared: &Shared) -> Store {
        shared.state.store.asked_from(self.origin)
    }
}

/// The bearer of the operator's token. Where none is configured there is nothing here; whoever comes
/// as a company's program or person is told that it is not for them.
pub fn operator(req: &HttpRequest, shared: &Shared) -> Result<Operator, ApiError> {
    let (now, origin) = (shared.state.clock.now(), origin_of(req, shared));
    if !shared.config.operator.is_configured() {
        return Err(ApiError::NotFound);
    }
    if !req.headers().contains_key(header::AUTHORIZATION) {
        let is_person = login::token(req, &shared.config).is_some();
        return Err(if is_person { operator_needed() } else { operator_token_wanted() });
    }
    let token = bearer(req).map_err(|_| operator_token_wanted())?;
    if token.starts_with(COMPANY_TOKEN_PREFIX) {
        return Err(operator_needed());
    }
    let from = throttle::place(origin.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    wait(shared.guesses.wait(&from, now))?;
    if !shared.config.operator.has(token) {
        shared.guesses.count(from, now);
        return Err(operator_token_wanted());
    }
    Ok(Operator { now, origin })
}

fn operator_needed() -> ApiError {
    let detail = "this is for the operator's token alone".to_owned();
    ApiError::Refused { code: Code::OperatorNeeded, detail }
}

fn operator_token_wanted() -> ApiError {
    let detail = "send `Authorization: Bearer <the operator's token>`".to_owned();
    ApiError::Refused { code: Code::Unauthorized, detail }
}

/// The same for ingest: the token is remembered, and checked again where the event is written.
pub async fn authorize_ingest(req: &HttpRequest, shared: &Shared) -> Result<Authorized, ApiError> {
    if !req.headers().contains_key(header::AUTHORIZATION) {
        return authorize(req, shared).await;
    }
    let now = shared.state.clock.now();
    let found = shared.state.store.authenticate_for_ingest(bearer(req)?, now).await;
    let caller = live(found, now)?;
    request_id::note_company(caller.company);
    check(&caller, Access::Scope(Scope::EventsWrite))?;
    Ok(Authorized { caller, now, origin: None })
}

fn origin_of(req: &HttpRequest, shared: &Shared) -> Option<IpAddr> {
    origin::of(req, &shared.config.trusted_proxies)
}

fn live(found: Result<Caller, store::Error>, now: DateTime<Utc>) -> Result<Caller, ApiError> {
    match found {
        Ok(caller) if caller.expires_at.is_some_and(|at| at <= now) => Err(ApiError::Unauthorized),
        Ok(caller) => Ok(caller),
        Err(store::Error::NotFound) => Err(ApiError::Unauthorized),
        Err(error) => Err(error.into()),
    }
}

fn check(caller: &Caller, access: Access) -> Result<(), ApiError> {
    let role_too_low = |what: String| ApiError::Refused { code: Code::RoleTooLow, detail: what };
    match (access, &caller.bearer) {
        (Access::Public | Access::Signed, _) => Ok(()),
        (Access::Scope(wanted), _) if Scope::allows(&caller.scopes, wanted) => Ok(()),
        // A source comes in by a door of its own.
        (Access::Scope(wanted), Bearer::Token(_) | Bearer::Source(_)) => {
            Err(ApiError::MissingScope(wanted))
        }
        (Access::Scope(_), Bearer::Login { role, .. }) => {
            Err(role_too_low(format!("your role is {}, which may not do this", role.as_str())))
        }
        (Access::Role(wanted), Bearer::Login { role, .. }) if *role >= wanted => Ok(()),
        (Access::Role(wanted), Bearer::Login { .. }) => {
            Err(role_too_low(format!("this needs the role {}", wanted.as_str())))
        }
        (Access::Role(_), Bearer::Token(_) | Bearer::Source(_)) => Err(login_needed()),
        // They come in by doors of their own.
        (Access::Person | Access::Operator, _) => Err(ApiError::Unauthorized),
    }
}

fn bearer(req: &HttpRequest) -> Result<&str, ApiError> {
    let mut values = req.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::Unauthorized);
    };
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && token.len() <= TOKEN_BYTES_MAX)
        .ok_or(ApiError::Unauthorized)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_one_bearer_header_is_a_token() {
        let token = |values: &[&str]| {
            let mut req = TestRequest::get();
            for value in values {
                req = req.append_header((header::AUTHORIZATION, *value));
            }
            bearer(&req.to_http_request()).map(str::to_owned).ok()
        };
        assert_eq!(token(&["Bearer hkf_1"]).as_deref(), Some("hkf_1"));
        assert_eq!(token(&["bearer  hkf_1"]).as_deref(), Some("hkf_1"));
        assert_eq!(token(&[]), None);
        assert_eq!(token(&["Bearer "]), None);
        assert_eq!(token(&["Basic hkf_1"]), None);
        assert_eq!(token(&["hkf_1"]), None);
        assert_eq!(token(&["Bearer a", "Bearer b"]), None);
        assert_eq!(token(&[&format!("Bearer {}", "a".repeat(300))]), None);
    }
}
