//! Which addresses may be dialled.
//!
//! The deny list follows IANA's registries of special-purpose addresses, and is wider than they are:
//! of IPv6 only what IANA has given out as global unicast (2000::/3) is left, and every form that
//! carries an IPv4 address inside is refused, since a translator on the way would unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use url::Url;

use crate::inbox_url::OwnOrigin;

/// Why an address may not be dialled; the text names the address, the range and the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is {what}, which this installation does not call; an operator can allow it with HOOKFERRY_ALLOW_NETWORKS"
)]
pub struct Forbidden {
    /// The address as it was given.
    pub address: IpAddr,
    /// What kind of address: `a private address (10.0.0.0/8)`.
    pub what: &'static str,
}

/// The deny list, the CIDRs that are allowed all the same, and where our own inboxes are.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
    own: Option<OwnOrigin>,
}

impl AddressPolicy {
    /// A policy that allows `allowed` although the deny list has them. An IPv4 range allows the
    /// v4-mapped form of its addresses too, and a range of mapped addresses is read as the IPv4
    /// range; `::/0` is all of IPv6 and nothing of IPv4. No range allows what other IPv6 forms carry
    /// inside: such a form is allowed as the IPv6 address it is, or not at all.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into_iter().map(unmapped).collect(), own: None }
    }

    /// The same where this installation is reached at `own`: its inboxes may be called, whatever
    /// the address, and nothing else of it that could not be called before.
    #[must_use]
    pub fn with_inboxes_at(self, own: OwnOrigin) -> Self {
        Self { own: Some(own), ..self }
    }

    /// Where this installation is reached, if that is known.
    pub const fn own_origin(&self) -> Option<&OwnOrigin> {
        self.own.as_ref()
    }

    /// Whether `url` is one of our own inboxes: it is called without a look at its address, because
    /// it is dialled to our own listener and nowhere else.
    pub fn is_own_inbox(&self, url: &Url) -> bool {
        self.own.as_ref().is_some_and(|own| own.has_inbox(url))
    }

    /// Whether `address` may be dialled.
    pub fn check(&self, address: IpAddr) -> Result<(), Forbidden> {
        match denied(address.to_canonical()) {
            Some(what) if !self.explicitly_allows(address) => Err(Forbidden { address, what }),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether `address` is in a range that was allowed explicitly.
    pub fn explicitly_allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|net| net.contains(&address))
    }
}

/// The IPv4 range that a range of v4-mapped addresses stands for; any other range as it is.
fn unmapped(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    match (v6.network().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
        (Some(v4), Some(prefix_len)) => IpNet::new_assert(IpAddr::V4(v4), prefix_len),
        (None, _) | (_, None) => net,
    }
}

/// What kind of refused address a canonical one is.
fn denied(address: IpAddr) -> Option<&'static str> {
    if let IpAddr::V6(v6) = address
        && is_isatap(v6)
    {
        return Some("an IPv4 address inside an ISATAP address (…:0:5efe:0:0/96)");
    }
    DENIED.iter().find(|(net, _)| net.contains(&address)).map(|(_, what)| *what)
}

/// ISATAP puts an IPv4 address behind `0:5efe` or `200:5efe`, under any prefix (RFC 5214).
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., high, low, _, _] = address.segments();
    high & !0x0200 == 0 && low == 0x5efe
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix_len: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_len)
}

const fn v6(head: [u16; 4], prefix_len: u8) -> IpNet {
    let [a, b, c, d] = head;
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix_len))
}

/// A range and what its addresses are called; the first that fits names the address.
type Range = (IpNet, &'static str);

/// The range of v4-mapped addresses is not among them: those are checked as the IPv4 addresses they
/// are.
const DENIED: [Range; 40] = [
    (v4(0, 0, 0, 0, 32), "the unspecified address (0.0.0.0/32)"),
    (v4(0, 0, 0, 0, 8), "an address of \"this network\" (0.0.0.0/8)"),
    (v4(10, 0, 0, 0, 8), "a private address (10.0.0.0/8)"),
    (v4(100, 64, 0, 0, 10), "a shared address of a carrier (100.64.0.0/10)"),
    (v4(127, 0, 0, 0, 8), "a loopback address (127.0.0.0/8)"),
    (v4(168, 63, 129, 16, 32), "the platform address of a cloud (168.63.129.16/32)"),
    (v4(169, 254, 0, 0, 16), "a link-local address (169.254.0.0/16)"),
    (v4(172, 16, 0, 0, 12), "a private address (172.16.0.0/12)"),
    (v4(192, 0, 0, 0, 24), "an address of IETF protocols (192.0.0.0/24)"),
    (v4(192, 0, 2, 0, 24), "a documentation address (192.0.2.0/24)"),
    (v4(192, 31, 196, 0, 24), "an address of AS112 name servers (192.31.196.0/24)"),
    (v4(192, 52, 193, 0, 24), "a multicast tunnel address (192.52.193.0/24)"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay address (192.88.99.0/24)"),
    (v4(192, 168, 0, 0, 16), "a private address (192.168.0.0/16)"),
    (v4(192, 175, 48, 0, 24), "an address of AS112 name servers (192.175.48.0/24)"),
    (v4(198, 18, 0, 0, 15), "a benchmarking address (198.18.0.0/15)"),
    (v4(198, 51, 100, 0, 24), "a documentation address (198.51.100.0/24)"),
    (v4(203, 0, 113, 0, 24), "a documentation address (203.0.113.0/24)"),
    (v4(224, 0, 0, 0, 4), "a multicast address (224.0.0.0/4)"),
    (v4(255, 255, 255, 255, 32), "the broadcast address (255.255.255.255/32)"),
    (v4(240, 0, 0, 0, 4), "a reserved address (240.0.0.0/4)"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128), "the unspecified address (::/128)"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::LOCALHOST), 128), "the loopback address (::1/128)"),
    (v6([0; 4], 96), "an IPv4-compatible address (::/96)"),
    (v6([0x64, 0xff9b, 0, 0], 96), "an IPv4 address behind NAT64 (64:ff9b::/96)"),
    (v6([0x64, 0xff9b, 1, 0], 48), "an IPv4 address behind NAT64 (64:ff9b:1::/48)"),
    (v6([0x100, 0, 0, 0], 64), "a discard-only address (100::/64)"),
    (v6([0x2001, 0, 0, 0], 32), "an IPv4 address inside a Teredo address (2001::/32)"),
    (v6([0x2001, 0, 0, 0], 23), "an address of IETF protocols (2001::/23)"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "a documentation address (2001:db8::/32)"),
    (v6([0x2002, 0, 0, 0], 16), "an IPv4 address inside a 6to4 address (2002::/16)"),
    (v6([0x2620, 0x4f, 0x8000, 0], 48), "an address of AS112 name servers (2620:4f:8000::/48)"),
    (v6([0x3ffe, 0, 0, 0], 15), "a documentation or 6bone address (3ffe::/15)"),
    (v6([0x5f00, 0, 0, 0], 16), "a segment routing address (5f00::/16)"),
    (v6([0xfc00, 0, 0, 0], 7), "a private address (fc00::/7)"),
    (v6([0xfe80, 0, 0, 0], 10), "a link-local address (fe80::/10)"),
    (v6([0xff00, 0, 0, 0], 8), "a multicast address (ff00::/8)"),
    (v6([0; 4], 3), "a reserved address (::/3)"),
    (v6([0x4000, 0, 0, 0], 2), "a reserved address (4000::/2)"),
    (v6([0x8000, 0, 0, 0], 1), "a reserved address (8000::/1)"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(allowed: &[&str]) -> AddressPolicy {
        AddressPolicy::new(allowed.iter().map(|net| net.parse().unwrap()).collect())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The address in `net` whose bits behind the prefix are those of `bits`.
    fn inside(net: IpNet, bits: u128) -> IpAddr {
        match net {
            IpNet::V4(net) => {
                let host = u32::from(net.hostmask()) & bits as u32;
                IpAddr::V4((u32::from(net.network()) | host).into())
            }
            IpNet::V6(net) => {
                let host = u128::from(net.hostmask()) & bits;
                IpAddr::V6((u128::from(net.network()) | host).into())
            }
        }
    }

    fn mapped(v4: Ipv4Addr) -> IpAddr {
        IpAddr::V6(v4.to_ipv6_mapped())
    }

    /// The list once more, as text and from the registries, so that a slip in the table shows.
    const EXPECTED: &str = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 \
        172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 \
        192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 \
        240.0.0.0/4 255.255.255.255/32 168.63.129.16/32 ::/128 ::1/128 ::ffff:10.0.0.0/104 ::/96 \
        ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/32 2001::/23 \
        2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 \
        fec0::/10 ff00::/8 200::/7 4000::/3 6000::/3 8000::/3 a000::/3 c000::/3 e000::/4";

    fn expected() -> impl Strategy<Value = IpNet> {
        let nets: Vec<IpNet> = EXPECTED.split(' ').map(|net| net.parse().unwrap()).collect();
        proptest::sample::select(nets)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn every_address_of_every_denied_range_is_refused(net in expected(), bits: u128) {
            for bits in [bits, 0, u128::MAX] {
                let address = inside(net, bits);
                prop_assert!(policy(&[]).check(address).is_err(), "{} of {}", address, net);
                if let IpAddr::V4(v4) = address {
                    let forbidden = policy(&[]).check(mapped(v4)).unwrap_err();
                    prop_assert_eq!(forbidden.address, mapped(v4));
                }
            }
        }

        #[test]
        fn no_ipv6_form_carries_an_ipv4_address_past_the_guard(bits: u32, prefix: u64) {
            let (v4, wide) = (Ipv4Addr::from(bits), u128::from(bits));
            let forms = [
                wide,
                0xffff_0000_0000 << 16 | wide,
                0x0064_ff9b << 96 | wide,
                0x0064_ff9b_0001 << 80 | wide,
                0x2002 << 112 | wide << 80,
                0x2001_0000 << 96 | u128::from(!bits),
                u128::from(prefix) << 64 | 0x5efe << 32 | wide,
                u128::from(prefix) << 64 | 0x0200_5efe << 32 | wide,
            ];
            for form in forms {
                let form = IpAddr::V6(form.into());
                prop_assert!(policy(&["0.0.0.0/0"]).check(form).is_err(), "{}", form);
                prop_assert!(policy(&["::/0"]).check(form).is_ok(), "{}", form);
            }
            prop_assert!(policy(&["0.0.0.0/0"]).check(mapped(v4)).is_ok());
            let alike = policy(&[]).check(mapped(v4)).is_ok() == policy(&[]).check(v4.into()).is_ok();
            prop_assert!(alike);
        }

        #[test]
        fn outside_the_list_ipv4_passes(bits: u32) {
            let address = IpAddr::V4(bits.into());
            let listed = EXPECTED.split(' ').any(|net| net.parse::<IpNet>().unwrap().contains(&address));
            prop_assert_eq!(policy(&[]).check(address).is_err(), listed);
        }

        #[test]
        fn an_allowed_range_allows_itself_and_stops_at_its_edges(bits: u32, prefix_len in 9u8..=32) {
            let net = ipnet::Ipv4Net::new((10 << 24 | bits >> 8).into(), prefix_len).unwrap().trunc();
            let policy = AddressPolicy::new(vec![net.into()]);
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            for within in [first, last] {
                prop_assert!(policy.check(IpAddr::V4(within.into())).is_ok());
                prop_assert!(policy.check(mapped(within.into())).is_ok());
                prop_assert!(policy.explicitly_allows(mapped(within.into())));
            }
            for beyond in [first - 1, last + 1].map(Ipv4Addr::from) {
                prop_assert!(!policy.explicitly_allows(beyond.into()));
                prop_assert_eq!(policy.check(beyond.into()).is_err(), beyond.octets()[0] == 10);
            }
        }
    }

    #[test]
    fn well_known_public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "157.240.1.53",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.169.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a03:2880:f12f:83:face:b00c:0:25de",
            "2001:200::1",
            "2003::1",
            "2a00::5eff:1.2.3.4",
        ] {
            assert_eq!(policy(&[]).check(address(text)), Ok(()), "{text}");
        }
    }

    #[test]
    fn every_name_ends_with_its_range() {
        for (net, what) in DENIED {
            assert!(what.ends_with(&format!(" ({net})")), "{net}: {what}");
            assert_eq!(net, net.trunc());
        }
    }

    #[test]
    fn the_refusal_names_address_range_and_setting() {
        let refused = |text: &str| policy(&[]).check(address(text)).unwrap_err().to_string();
        assert_eq!(
            refused("10.1.2.3"),
            "10.1.2.3 is a private address (10.0.0.0/8), which this installation does not call; \
             an operator can allow it with HOOKFERRY_ALLOW_NETWORKS"
        );
        for (text, what) in [
            ("::ffff:127.0.0.1", "::ffff:127.0.0.1 is a loopback address (127.0.0.0/8),"),
            ("255.255.255.255", "is the broadcast address (255.255.255.255/32)"),
            ("fe80::1", "is a link-local address (fe80::/10)"),
            ("2001:0:1::", "is an IPv4 address inside a Teredo address (2001::/32)"),
            ("::2", "is an IPv4-compatible address (::/96)"),
            ("2a00::5efe:a00:1", "is an IPv4 address inside an ISATAP address"),
        ] {
            assert!(refused(text).contains(what), "{}", refused(text));
        }
    }

    #[test]
    fn mapped_ranges_and_ipv6_ranges_can_be_allowed() {
        let mapped = policy(&["::ffff:10.0.0.0/104"]);
        assert!(mapped.check(address("10.200.0.1")).is_ok());
        assert!(mapped.check(address("11.0.0.1")).is_ok());
        assert!(!mapped.explicitly_allows(address("11.0.0.1")));
        let all_of_ipv6 = policy(&["::/0"]);
        assert!(all_of_ipv6.check(address("::1")).is_ok());
        assert!(all_of_ipv6.check(address("127.0.0.1")).is_err());
        assert!(all_of_ipv6.check(address("::ffff:127.0.0.1")).is_err());
        let nat64 = policy(&["64:ff9b::/96"]);
        assert!(nat64.check(address("64:ff9b::10.0.0.1")).is_ok());
        assert!(nat64.check(address("10.0.0.1")).is_err());
    }
}
