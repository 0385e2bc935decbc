//! Which URLs are inboxes of this installation: its own origin, and a path that is exactly one of
//! an inbox. Such a URL is dialled although its address may be a private one, so nothing else of this
//! installation may pass for one.

use url::{Origin, Url};

use crate::inbox::PathKey;

/// What the paths of inboxes begin with.
pub const PATH_PREFIX: &str = "/inbox/";

/// Where this installation is reached: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrigin(Origin);

impl OwnOrigin {
    /// The origin of an http or https URL; there is none of others.
    pub fn of(url: &Url) -> Option<Self> {
        let origin = url.origin();
        (matches!(url.scheme(), "http" | "https") && origin.is_tuple()).then_some(Self(origin))
    }

    /// The URL of something of ours, whose path begins with a slash.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.0.ascii_serialization())
    }

    /// The URL of an inbox.
    pub fn inbox_url(&self, key: &PathKey) -> String {
        format!("{}{PATH_PREFIX}{}", self.0.ascii_serialization(), key.as_str())
    }

    /// Whether `url` is an inbox of this installation, be there one with that key or not: exactly
    /// this origin, no user name, no password, no fragment, and a path of [`key_of`].
    pub fn has_inbox(&self, url: &Url) -> bool {
        // The path first: it tells nearly all others apart, and each delivery asks.
        key_of(url).is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.origin() == self.0
    }
}

/// The key in the path of `url`, whatever its origin: `/inbox/{key}`, alone or with something behind
/// another slash. Nothing behind it may be read as another path by anybody: no dots as a segment and
/// no slash, backslash, dot, percent or control character that is written with a percent sign.
pub fn key_of(url: &Url) -> Option<PathKey> {
    let rest = url.path().strip_prefix(PATH_PREFIX)?;
    let (key, tail) = rest.split_once('/').unwrap_or((rest, ""));
    let key = PathKey::parse(key)?;
    let is_plain = tail.split('/').all(|segment| !matches!(segment, "." | ".."))
        && !tail.contains('\\')
        && !hides_something(tail);
    is_plain.then_some(key)
}

/// Whether something that means a place in a path is written with a percent sign.
fn hides_something(tail: &str) -> bool {
    tail.split('%').skip(1).any(|after| {
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_none_or(|byte| byte.is_ascii_control() || b"./\\%".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "0123456789ABCDEFGHIJkl";

    fn own(origin: &str) -> OwnOrigin {
        OwnOrigin::of(&Url::parse(origin).unwrap()).unwrap()
    }

    fn is_inbox(origin: &str, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| own(origin).has_inbox(&url))
    }

    #[test]
    fn an_inbox_is_its_url_and_what_stands_behind_it() {
        for (origin, base) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080", "HTTP://127.1:8080"),
            ("https://hooks.example.com", "https://hooks.example.com"),
            ("https://hooks.example.com", "https://HOOKS.example.com:443"),
            ("http://[::1]:9000/", "http://[0:0::1]:9000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            for tail in ["", "/", "?a=b", "/some/path?x=../y#", "/a%20b/%C3%A9", "/...", "//x"] {
                let url = format!("{base}/inbox/{KEY}{tail}");
                let url = url.trim_end_matches('#');
                assert!(is_inbox(origin, url), "{url}");
            }
        }
        let key = PathKey::parse(KEY).unwrap();
        let url = own("https://hooks.example.com:443/").inbox_url(&key);
        assert_eq!(url, format!("https://hooks.example.com/inbox/{KEY}"));
        assert!(is_inbox("https://hooks.example.com", &url));
    }

    #[test]
    fn another_origin_is_none_of_ours() {
        let path = format!("inbox/{KEY}");
        for base in [
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8081",
            "http://127.0.0.1",
            "http://127.0.0.2:8080",
            "http://localhost:8080",
            "http://127.0.0.1.:8080.example.com",
            "http://[::ffff:127.0.0.1]:8080",
            "http://user@127.0.0.1:8080",
            "http://:pass@127.0.0.1:8080",
            "http://127.0.0.1:8080@example.com",
            "http://example.com",
            "ftp://127.0.0.1:8080",
        ] {
            assert!(!is_inbox("http://127.0.0.1:8080", &format!("{base}/{path}")), "{base}");
        }
        let dotted = format!("https://hooks.example.com./{path}");
        assert!(!is_inbox("https://hooks.example.com", &dotted));
        assert_eq!(OwnOrigin::of(&Url::parse("file:///inbox/").unwrap()), None);
        assert_eq!(OwnOrigin::of(&Url::parse("ftp://example.com/").unwrap()), None);
    }

    #[test]
    fn no_other_path_passes_for_an_inbox() {
        for path in [
            "",
            "/",
            "/readyz",
            "/api/v1/endpoints",
            "/inbox",
            "/inbox/",
            "/inbox/short",
            "/inbox/../readyz",
            "/inbox/../api/v1/admin",
            "/inbox/./../readyz",
            "/inbox/%2e%2e/readyz",
            "/inbox/%2E./readyz",
            "/inbox\\..\\readyz",
            "/inbox/KEY/../../readyz",
            "/inbox/KEY/../readyz",
            "/inbox/KEY/%2e%2e/%2e%2e/readyz",
            "/inbox/KEY/..%2f..%2freadyz",
            "/inbox/KEY/..%2F..%2Freadyz",
            "/inbox/KEY/..%5c..%5creadyz",
            "/inbox/KEY/%252e%252e/readyz",
            "/inbox/KEY/x%2e%2e",
            "/inbox/KEY/%00",
            "/inbox/KEY/%0d%0aX",
            "/inbox/KEY/%zz",
            "/inbox/KEY/%",
            "/inbox/KEY/%2",
            "/inbox/KEY%2f..%2f..%2freadyz",
            "/inbox/KEY%00",
            "/inbox/KEYx",
            "/inbox//KEY",
            "//inbox/KEY",
            "/inbox%2fKEY",
            "/INBOX/KEY",
            "/x/inbox/KEY",
            "/inbox;x/KEY",
            "/inbox/KEY;x",
            "/inbox/KEY#part",
            "/%69nbox/KEY",
        ] {
            let url = format!("http://127.0.0.1:8080{}", path.replace("KEY", KEY));
            assert!(!is_inbox("http://127.0.0.1:8080", &url), "{url}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// However it is read: as it stands, or once or twice decoded, it stays below the inbox.
        #[test]
        fn what_passes_stays_below_the_inbox(tail in "[/.%25eEfFcC0a\\\\?#@:;]{0,24}") {
            let url = format!("http://127.0.0.1:8080/inbox/{KEY}{tail}");
            if is_inbox("http://127.0.0.1:8080", &url) {
                let mut path = Url::parse(&url).unwrap().path().to_owned();
                for _ in 0..3 {
                    let again = Url::parse(&format!("http://h{path}")).unwrap();
                    let below = format!("/inbox/{KEY}");
                    prop_assert!(again.path().starts_with(&below), "{} {}", url, path);
                    path = path.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/")
                        .replace("%2F", "/").replace("%5c", "\\").replace("%5C", "\\")
                        .replace("%25", "%");
                }
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = is_inbox("http://127.0.0.1:8080", &format!("http://127.0.0.1:8080/inbox/{text}"));
        }
    }
}
