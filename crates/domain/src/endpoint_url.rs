//! Which URLs may be registered, and which custom headers.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::address::{AddressPolicy, Forbidden};

/// The longest URL of an endpoint, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// The most custom headers of an endpoint.
pub const HEADERS_MAX: usize = 32;
/// The longest name of a custom header, in bytes.
pub const HEADER_NAME_BYTES_MAX: usize = 256;
/// The longest value of a custom header, in bytes.
pub const HEADER_VALUE_BYTES_MAX: usize = 4_096;

/// Why a URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL with a host.
    #[error("must be an absolute https URL, as in https://example.com/hooks")]
    Malformed,
    /// Longer than [`URL_BYTES_MAX`].
    #[error("must have at most {URL_BYTES_MAX} characters")]
    Length,
    /// Neither https nor http.
    #[error("must begin with https://")]
    Scheme,
    /// Plain http where it is not allowed.
    #[error(
        "must begin with https://; plain http is for allowed networks only (HOOKFERRY_ALLOW_HTTP, HOOKFERRY_ALLOW_NETWORKS)"
    )]
    PlainHttp,
    /// A user name or a password in it.
    #[error("must not carry a user name or a password; use a custom header")]
    Credentials,
    /// A fragment in it.
    #[error("must not carry a fragment (#…)")]
    Fragment,
    /// An IP literal that may not be dialled.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

/// Checks a URL for registration. Names are only resolved when they are dialled, so plain http to a
/// name is refused unless `allow_http`; to an IP literal it is allowed where its network is. `localhost`
/// and names under it count as 127.0.0.1 and ::1: one of them that may be dialled is enough, since the
/// dialler looks again. An inbox of our own may be called however its URL begins. What is returned is normalised, and may be a little longer than what came in.
pub fn check(url: &str, policy: &AddressPolicy, allow_http: bool) -> Result<Url, UrlError> {
    if url.len() > URL_BYTES_MAX {
        return Err(UrlError::Length);
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(UrlError::Malformed);
    }
    let url = Url::parse(url).map_err(|_| UrlError::Malformed)?;
    let plain = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(UrlError::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    if url.port() == Some(0) {
        return Err(UrlError::Malformed);
    }
    if policy.is_own_inbox(&url) {
        return Ok(url);
    }
    let explicitly_allowed = match url.host().ok_or(UrlError::Malformed)? {
        Host::Ipv4(address) => check_address(address.into(), policy)?,
        Host::Ipv6(address) => check_address(address.into(), policy)?,
        Host::Domain(name) => check_name(name, policy)?,
    };
    if plain && !allow_http && !explicitly_allowed {
        return Err(UrlError::PlainHttp);
    }
    Ok(url)
}

/// Whether the address may be dialled because it was allowed explicitly.
fn check_address(address: IpAddr, policy: &AddressPolicy) -> Result<bool, UrlError> {
    policy.check(address)?;
    Ok(policy.explicitly_allows(address))
}

fn check_name(name: &str, policy: &AddressPolicy) -> Result<bool, UrlError> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(UrlError::Malformed);
    }
    if name != "localhost" && !name.ends_with(".localhost") {
        return Ok(false);
    }
    if policy.explicitly_allows(Ipv6Addr::LOCALHOST.into()) {
        return Ok(true);
    }
    check_address(Ipv4Addr::LOCALHOST.into(), policy)
}

/// Why a custom header is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a header name.
    #[error("`{0}` is not a header name")]
    Name(String),
    /// A header that Hookferry or HTTP itself sets.
    #[error("`{0}` is set by Hookferry and cannot be replaced")]
    Reserved(String),
    /// A value with control characters or beyond ASCII, or too long.
    #[error(
        "the value of `{0}` must be printable ASCII of at most {HEADER_VALUE_BYTES_MAX} characters"
    )]
    Value(String),
    /// The same name twice.
    #[error("`{0}` stands there twice")]
    Twice(String),
    /// Too many.
    #[error("must have at most {HEADERS_MAX} headers")]
    TooMany,
}

/// Checks custom headers for registration.
pub fn check_headers(headers: &[(String, String)]) -> Result<(), HeaderError> {
    if headers.len() > HEADERS_MAX {
        return Err(HeaderError::TooMany);
    }
    let mut seen = HashSet::with_capacity(headers.len());
    for (name, value) in headers {
        if name.is_empty() || name.len() > HEADER_NAME_BYTES_MAX || !name.bytes().all(is_token) {
            return Err(HeaderError::Name(name.chars().take(HEADER_NAME_BYTES_MAX).collect()));
        }
        let lower = name.to_ascii_lowercase();
        if is_reserved(&lower) {
            return Err(HeaderError::Reserved(name.clone()));
        }
        let printable = value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !printable || value.len() > HEADER_VALUE_BYTES_MAX {
            return Err(HeaderError::Value(name.clone()));
        }
        if !seen.insert(lower) {
            return Err(HeaderError::Twice(name.clone()));
        }
    }
    Ok(())
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const RESERVED: [&str; 14] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-hub-signature",
    "x-hub-signature-256",
];
const RESERVED_PREFIXES: [&str; 3] = ["proxy-", "webhook-", "hookferry-"];

fn is_reserved(lower: &str) -> bool {
    RESERVED.contains(&lower) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(allowed: &[&str]) -> AddressPolicy {
        AddressPolicy::new(allowed.iter().map(|net| net.parse().unwrap()).collect())
    }

    fn checked(url: &str) -> Result<String, UrlError> {
        check(url, &policy(&[]), false).map(String::from)
    }

    fn forbidden(url: &str) -> String {
        match check(url, &policy(&[]), true) {
            Err(UrlError::Forbidden(forbidden)) => forbidden.address.to_string(),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn https_urls_pass_and_are_normalised() {
        assert_eq!(
            checked("https://example.com/hooks?a=b"),
            Ok("https://example.com/hooks?a=b".into())
        );
        assert_eq!(checked("HTTPS://EXAMPLE.com:443"), Ok("https://example.com/".into()));
        assert_eq!(checked("https://8.8.8.8:8443/"), Ok("https://8.8.8.8:8443/".into()));
        assert!(checked("https://bücher.example/é").is_ok_and(|url| url.is_ascii()));
        let longest = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX - 20));
        assert!(checked(&longest).is_ok());
        assert_eq!(checked(&format!("{longest}a")), Err(UrlError::Length));
    }

    #[test]
    fn what_is_not_such_a_url_is_refused() {
        for url in [
            "",
            "example.com",
            "/hooks",
            "https://",
            "https:///",
            "https://:443/",
            "https://a b/",
            " https://example.com",
            "https://exa\nmple.com",
            "https://example.com:0/",
            "https://example.com:65536/",
            "https://a..b/",
            "https://./",
            "https://[::1",
            "//a/b",
            "https://[fe80::1%25eth0]/",
            "https://999.1.1.1/",
        ] {
            assert_eq!(checked(url), Err(UrlError::Malformed), "{url}");
        }
        assert_eq!(checked(&format!("https://{}.com", "a".repeat(64))), Err(UrlError::Malformed));
        for url in ["ftp://example.com", "javascript:alert(1)", "file:///etc/passwd", "wss://a.b"] {
            assert_eq!(checked(url), Err(UrlError::Scheme), "{url}");
        }
        for url in ["https://u@example.com", "https://u:p@example.com", "https://:p@example.com"] {
            assert_eq!(checked(url), Err(UrlError::Credentials), "{url}");
        }
        for url in ["https://example.com/#a", "https://example.com/#"] {
            assert_eq!(checked(url), Err(UrlError::Fragment), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_forbidden_host_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "a.localhost",
            "a.b.LocalHost.",
            "１２７.0.0.1",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "loc%61lhost",
        ] {
            assert_eq!(forbidden(&format!("https://{host}/")), "127.0.0.1", "{host}");
            assert_eq!(forbidden(&format!("http://{host}:8080/")), "127.0.0.1", "{host}");
        }
        for (host, address) in [
            ("[::1]", "::1"),
            ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
            ("[64:ff9b::10.0.0.1]", "64:ff9b::a00:1"),
            ("[2002:a00:1::]", "2002:a00:1::"),
            ("169.254.169.254", "169.254.169.254"),
            ("0", "0.0.0.0"),
        ] {
            assert_eq!(forbidden(&format!("https://{host}/")), address);
        }
        for name in ["https://localhost.example/", "https://notlocalhost/"] {
            assert!(checked(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn plain_http_is_for_allowed_networks() {
        assert_eq!(checked("http://example.com/"), Err(UrlError::PlainHttp));
        assert_eq!(checked("http://8.8.8.8/"), Err(UrlError::PlainHttp));
        assert!(check("http://example.com/", &policy(&[]), true).is_ok());
        let lan = policy(&["10.0.0.0/8", "8.8.8.8/32"]);
        for url in ["http://10.0.0.1:9000/", "http://[::ffff:10.0.0.1]/", "http://8.8.8.8/"] {
            assert!(check(url, &lan, false).is_ok(), "{url}");
        }
        assert_eq!(check("http://8.8.4.4/", &lan, false), Err(UrlError::PlainHttp));
        for loopback in ["127.0.0.0/8", "::1/128"] {
            for host in ["localhost", "localhost.", "hooks.localhost"] {
                let url = format!("http://{host}:9000/");
                assert!(check(&url, &policy(&[loopback]), false).is_ok(), "{url} {loopback}");
            }
        }
        assert!(check("http://localhost/", &lan, false).is_err());
    }

    #[test]
    fn our_own_inboxes_can_be_registered_and_nothing_else_of_ours() {
        let own = Url::parse("http://127.0.0.1:8080").unwrap();
        let own = crate::inbox_url::OwnOrigin::of(&own).unwrap();
        let policy = policy(&[]).with_inboxes_at(own);
        let inbox = format!("http://127.0.0.1:8080/inbox/{}", "a".repeat(22));
        assert!(check(&inbox, &policy, false).is_ok());
        assert!(check(&format!("{inbox}/orders?x=1"), &policy, false).is_ok());
        assert_eq!(check(&format!("{inbox}#x"), &policy, false), Err(UrlError::Fragment));
        let named = inbox.replace("http://", "http://ann@");
        assert_eq!(check(&named, &policy, false), Err(UrlError::Credentials));
        for url in [
            "http://127.0.0.1:8080/api/v1/endpoints",
            "http://127.0.0.1:8080/inbox/../readyz",
            "http://127.0.0.1:8080/inbox/short",
            &inbox.replace("8080", "8081"),
            &inbox.replace("127.0.0.1", "localhost"),
            &format!("{inbox}/..%2f..%2freadyz"),
        ] {
            let refused = check(url, &policy, false);
            assert!(matches!(refused, Err(UrlError::Forbidden(_))), "{url}: {refused:?}");
        }
    }

    fn refused(name: &str, value: &str) -> Option<HeaderError> {
        check_headers(&[(name.into(), value.into())]).err()
    }

    #[test]
    fn custom_headers_are_checked() {
        for name in
            ["Authorization", "X-Api-Key", "Cookie", "!#$%&'*+-.^_`|~09azAZ", "X-Webhook-Id"]
        {
            assert_eq!(refused(name, "Bearer a b=c; \"d\" ~"), None, "{name}");
        }
        for name in ["", "X Y", "X:Y", "X-É", "X\r\nY", "X(Y)"] {
            assert_eq!(refused(name, ""), Some(HeaderError::Name(name.into())));
        }
        for name in [
            "Host",
            "CONTENT-LENGTH",
            "Content-Type",
            "transfer-encoding",
            "Connection",
            "Keep-Alive",
            "Upgrade",
            "TE",
            "Trailer",
            "Proxy-Authorization",
            "Webhook-Id",
            "webhook-signature",
            "X-Hub-Signature",
            "X-HUB-Signature-256",
            "Hookferry-Attempt",
            "User-Agent",
            "Expect",
        ] {
            assert_eq!(refused(name, "a"), Some(HeaderError::Reserved(name.into())));
        }
        for value in ["a\r\nX: y", "a\tb", "\0", "é", &"a".repeat(HEADER_VALUE_BYTES_MAX + 1)] {
            assert_eq!(refused("X-A", value), Some(HeaderError::Value("X-A".into())));
        }
        assert_eq!(refused("X-A", &"a".repeat(HEADER_VALUE_BYTES_MAX)), None);
        let header = |name: String| (name, String::new());
        let twice = [header("X-A".into()), header("x-a".into())];
        assert_eq!(check_headers(&twice), Err(HeaderError::Twice("x-a".into())));
        let many: Vec<_> = (0..=HEADERS_MAX).map(|n| header(format!("X-{n}"))).collect();
        assert_eq!(check_headers(&many), Err(HeaderError::TooMany));
        assert_eq!(check_headers(&many[1..]), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_passes_has_a_host(text in "(https?://)?.{0,60}") {
            if let Ok(url) = check(&text, &policy(&[]), false) {
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(url.host().is_some() && url.username().is_empty());
                prop_assert_eq!(check(url.as_str(), &policy(&[]), false), Ok(url));
            }
        }
    }
}
