//! Requests to inboxes of our own: they go to our own listener, and carry the host of their URL.

use std::net::SocketAddr;

use url::Url;

/// The URL that is dialled for an inbox of our own: our listener with the path and query of `url`.
/// `None` where a listener cannot stand in a URL, which no listener does.
pub fn dialled(url: &Url, listener: SocketAddr) -> Option<Url> {
    let mut dialled = Url::parse(&format!("http://{listener}/")).ok()?;
    dialled.set_path(url.path());
    dialled.set_query(url.query());
    // A path means the same on both sides, or it is not dialled at all.
    (dialled.path() == url.path() && dialled.query() == url.query()).then_some(dialled)
}

/// What stands in `Host` for `url`.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_query_and_host_stay() {
        let listener = "127.0.0.1:8080".parse().unwrap();
        for (url, to, named) in [
            ("https://hooks.example.com/inbox/k?a=%20b", "/inbox/k?a=%20b", "hooks.example.com"),
            ("http://hooks.example.com:81/inbox/k/x//y", "/inbox/k/x//y", "hooks.example.com:81"),
            ("https://[::1]:9000/inbox/k?", "/inbox/k?", "[::1]:9000"),
        ] {
            let url = Url::parse(url).unwrap();
            let dialled = dialled(&url, listener).unwrap();
            assert_eq!(dialled.as_str(), format!("http://127.0.0.1:8080{to}"));
            assert_eq!(host(&url), named);
        }
        let six = dialled(&Url::parse("http://a/inbox/k").unwrap(), "[::1]:80".parse().unwrap());
        assert_eq!(six.unwrap().as_str(), "http://[::1]/inbox/k");
    }
}
