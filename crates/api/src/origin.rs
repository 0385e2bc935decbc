//! From where a request comes: the peer, or what trusted proxies say before it.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// The address of whoever sent the request; `trusted` are the proxies that are believed.
pub fn of(req: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip().to_canonical();
    Some(behind(peer, req.headers(), trusted))
}

/// Whether a peer is one of the proxies that are believed.
pub fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// Walks from the peer towards the client as long as a proxy is trusted: whatever stands before the
/// first that is not could be made up.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut address = peer;
    let mut hops = hops(headers);
    while is_trusted(address, trusted) {
        match hops.pop() {
            Some(Some(before)) => address = before,
            // Nobody before it, or something that is no address: the proxy itself is all we know.
            Some(None) | None => break,
        }
    }
    address
}

/// What proxies say of who was before them, the nearest last; `None` for what is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lists = |name: &str| {
        let values: Vec<String> = headers
            .get_all(name)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|item| item.trim().to_owned())
            .collect();
        values
    };
    let forwarded = lists("forwarded");
    if forwarded.is_empty() {
        return lists("x-forwarded-for").iter().map(|item| parse_address(item)).collect();
    }
    forwarded.iter().map(|item| parse_for(item)).collect()
}

/// RFC 7239: `for=192.0.2.60;proto=http` or `for="[2001:db8::1]:4711"`.
fn parse_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    parse_address(value.trim().trim_matches('"'))
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(peer: &str, header: (&str, &str), trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let peer: SocketAddr = peer.parse().unwrap();
        let req = TestRequest::get().peer_addr(peer).append_header(header).to_http_request();
        of(&req, &trusted).unwrap().to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let header = ("x-forwarded-for", "1.2.3.4");
        assert_eq!(from("198.51.100.7:1", header, &[]), "198.51.100.7");
        assert_eq!(from("198.51.100.7:1", header, &["10.0.0.0/8"]), "198.51.100.7");
    }

    #[test]
    fn only_what_trusted_proxies_have_added_counts() {
        let trusted = ["10.0.0.0/8"];
        let header = ("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.2");
        assert_eq!(from("10.0.0.1:1", header, &trusted), "203.0.113.9");
        assert_eq!(from("10.0.0.1:1", ("x-forwarded-for", "garbage"), &trusted), "10.0.0.1");
        assert_eq!(from("10.0.0.1:1", ("x-other", "1.2.3.4"), &trusted), "10.0.0.1");
        assert_eq!(from("10.0.0.1:1", ("x-forwarded-for", "10.0.0.3"), &trusted), "10.0.0.3");
    }

    #[test]
    fn both_headers_and_both_kinds_of_addresses_are_read() {
        let trusted = ["10.0.0.0/8", "::ffff:127.0.0.1/128", "127.0.0.1/32"];
        for value in [
            "for=203.0.113.9;proto=https",
            "For=\"203.0.113.9:4711\"",
            "for=1.1.1.1, proto=http;for=203.0.113.9",
            "for=\"[::ffff:203.0.113.9]\"",
        ] {
            assert_eq!(
                from("10.0.0.1:1", ("forwarded", value), &trusted),
                "203.0.113.9",
                "{value}"
            );
        }
        let six = ("forwarded", "for=\"[2001:db8:cafe::17]:4711\"");
        assert_eq!(from("[::ffff:127.0.0.1]:1", six, &trusted), "2001:db8:cafe::17");
        assert_eq!(from("10.0.0.1:1", ("forwarded", "for=unknown"), &trusted), "10.0.0.1");
    }
}
