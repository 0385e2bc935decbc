//! People who are logged in: the cookie, and that a request comes from our own pages.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{Method, header};
use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use domain::person::LOGIN_LASTS;
use store::FoundLogin;
use url::Url;

use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::serve::{Config, Shared};

/// Where people reach us over https the browser takes care that nobody else can set it.
const COOKIE_OVER_HTTPS: &str = "__Host-hookferry";
/// On plain http a browser would not take the name above.
const COOKIE: &str = "hookferry";
/// The longest value that is looked at.
const VALUE_BYTES_MAX: usize = 128;
/// Names the company where a person is in several.
pub const COMPANY_HEADER: &str = "Hookferry-Company";

fn is_https(config: &Config) -> bool {
    config.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

fn cookie_name(config: &Config) -> &'static str {
    if is_https(config) { COOKIE_OVER_HTTPS } else { COOKIE }
}

/// The cookie that lets its bearer in.
pub fn cookie(config: &Config, token: &str) -> Cookie<'static> {
    Cookie::build(cookie_name(config), token.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(config))
        .max_age(Duration::seconds(LOGIN_LASTS.num_seconds()))
        .finish()
}

/// The cookie that removes it.
pub fn no_cookie(config: &Config) -> Cookie<'static> {
    let mut cookie = cookie(config, "");
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// What the browser holds.
pub fn token(req: &HttpRequest, config: &Config) -> Option<String> {
    let cookie = req.cookie(cookie_name(config))?;
    let value = cookie.value();
    (!value.is_empty() && value.len() <= VALUE_BYTES_MAX).then(|| value.to_owned())
}

/// Who is logged in. What changes something must come from our own pages.
pub async fn find(
    req: &HttpRequest,
    shared: &Shared,
    now: DateTime<Utc>,
) -> Result<FoundLogin, ApiError> {
    let token = token(req, &shared.config).ok_or(ApiError::Unauthorized)?;
    check_site(req, &shared.config)?;
    match shared.state.store.find_login(&token, now).await {
        Ok(found) => Ok(found),
        Err(store::Error::NotFound) => Err(ApiError::Unauthorized),
        Err(error) => Err(error.into()),
    }
}

/// The company that a stream's address names: `EventSource` sends no headers.
fn in_address(req: &HttpRequest) -> Option<String> {
    if req.match_pattern().as_deref() != Some("/api/v1/stream") {
        return None;
    }
    let mut pairs = url::form_urlencoded::parse(req.query_string().as_bytes());
    pairs.find(|(name, _)| name == "company").map(|(_, value)| value.into_owned())
}

/// Which of their companies a person means: the one in the header, or the only one.
pub fn company(req: &HttpRequest, found: &FoundLogin) -> Result<CompanyId, ApiError> {
    if let Some(value) = req.headers().get(COMPANY_HEADER) {
        // One that they are not in is not found, as if there were none.
        return value.to_str().ok().and_then(|text| text.parse().ok()).ok_or(ApiError::NotFound);
    }
    if let Some(named) = in_address(req) {
        return named.parse().map_err(|_| ApiError::NotFound);
    }
    match found.memberships.as_slice() {
        [only] => Ok(only.company),
        [] => Err(ApiError::NotFound),
        [_, _, ..] => Err(ApiError::Invalid(vec![Mistake {
            place: Place::Header(COMPANY_HEADER),
            code: Code::CompanyNeeded,
            detail: "you are in several companies; name one in this header".into(),
        }])),
    }
}

/// Refuses what another site makes a browser send in a person's name: what changes something, and is
/// not from our own pages. Programs send neither header, and no cookie that is not theirs.
pub fn check_site(req: &HttpRequest, config: &Config) -> Result<(), ApiError> {
    if [Method::GET, Method::HEAD].contains(req.method()) {
        return Ok(());
    }
    let text = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let own = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => is_own_origin(origin, req, config),
        (None, None) => true,
    };
    if own {
        Ok(())
    } else {
        let detail = "this did not come from a page of this server".to_owned();
        Err(ApiError::Refused { code: Code::CrossSite, detail })
    }
}

fn is_own_origin(origin: &str, req: &HttpRequest, config: &Config) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let origin = origin.origin();
    let public = config.public_url.as_ref().map(Url::origin);
    let host = req.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let asked = host.and_then(|host| Url::parse(&format!("http://{host}")).ok());
    // Without a public URL people use whatever address they typed.
    public.map_or_else(
        || asked.is_some_and(|asked| asked.origin() == origin),
        |public| public == origin,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::test_config;
    use actix_web::test::TestRequest;

    fn config(public_url: Option<&str>) -> Config {
        Config { public_url: public_url.map(|url| url.parse().unwrap()), ..test_config() }
    }

    fn passes(config: &Config, headers: &[(&str, &str)]) -> bool {
        let mut req = TestRequest::post().insert_header(("host", "10.0.0.5:8080"));
        for (name, value) in headers {
            req = req.insert_header((*name, *value));
        }
        check_site(&req.to_http_request(), config).is_ok()
    }

    #[test]
    fn other_sites_cannot_change_anything() {
        let public = config(Some("https://hooks.example.com"));
        assert!(passes(&public, &[("sec-fetch-site", "same-origin")]));
        assert!(passes(&public, &[("origin", "https://hooks.example.com")]));
        assert!(passes(&public, &[]));
        for wrong in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "http://hooks.example.com"),
            ("origin", "null"),
            ("origin", "http://10.0.0.5:8080"),
        ] {
            assert!(!passes(&public, &[wrong]), "{wrong:?}");
        }
        let no_url = config(None);
        assert!(passes(&no_url, &[("origin", "http://10.0.0.5:8080")]));
        assert!(!passes(&no_url, &[("origin", "http://10.0.0.6:8080")]));
        let both = [("sec-fetch-site", "cross-site"), ("origin", "https://hooks.example.com")];
        assert!(!passes(&public, &both));
    }

    #[test]
    fn the_cookie_is_as_safe_as_the_address_lets_it_be() {
        let text = cookie(&config(Some("https://hooks.example.com")), "t").to_string();
        for part in ["__Host-hookferry=t", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(text.contains(part), "{text}");
        }
        let text = cookie(&config(Some("http://10.0.0.5")), "t").to_string();
        assert!(text.starts_with("hookferry=t;") && !text.contains("Secure"), "{text}");
        assert!(no_cookie(&config(None)).to_string().contains("Max-Age=0"));
    }
}
