//! Who is calling: the `Authorization` header, and what its token may do.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use chrono::{DateTime, Utc};
use domain::scope::Scope;
use store::{Actor, Caller, Store};

use crate::access::{self, Access};
use crate::error::ApiError;
use crate::origin;
use crate::serve::Shared;

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
    check(&authorized.caller, access)?;
    Ok(authorized)
}

/// Reads the token from the database, whatever it may do.
pub async fn identify(req: &HttpRequest, shared: &Shared) -> Result<Authorized, ApiError> {
    let now = shared.state.clock.now();
    let found = shared.state.store.authenticate(bearer(req)?, now).await;
    Ok(Authorized { caller: live(found, now)?, now, origin: origin_of(req, shared) })
}

/// The same for ingest: the token is remembered, and checked again where the event is written.
pub async fn authorize_ingest(req: &HttpRequest, shared: &Shared) -> Result<Authorized, ApiError> {
    let now = shared.state.clock.now();
    let found = shared.state.store.authenticate_for_ingest(bearer(req)?, now).await;
    let caller = live(found, now)?;
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
    match access {
        Access::Public | Access::Signed => Ok(()),
        Access::Scope(wanted) if Scope::allows(&caller.scopes, wanted) => Ok(()),
        Access::Scope(wanted) => Err(ApiError::MissingScope(wanted)),
        // People and operators come in by other doors.
        Access::Person | Access::Role(_) | Access::Operator => Err(ApiError::Unauthorized),
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
