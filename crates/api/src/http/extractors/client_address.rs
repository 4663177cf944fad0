//! The address of the caller, with or without proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::HttpRequest;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

/// A header that makes no sense comes with every request, so it is reported once a minute.
const COMPLAINTS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN;

/// Longer parts of a header are cut off in the log: an IPv6 address with port has 47 characters.
const LONGEST_SHOWN: usize = 64;

/// The proxies whose word on the caller's address is believed.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    complaints: Arc<DefaultDirectRateLimiter>,
}

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        let once_a_minute = Quota::per_minute(COMPLAINTS_PER_MINUTE);
        Self {
            networks,
            complaints: Arc::new(RateLimiter::direct(once_a_minute)),
        }
    }

    /// The caller's address: the peer's, or, as long as that is a trusted proxy, the one it says
    /// it heard from (the last in `X-Forwarded-For` that is not a trusted proxy itself).
    pub(crate) fn client_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for");
        let forwarded: Vec<&str> = forwarded
            .map(|value| std::str::from_utf8(value.as_bytes()).unwrap_or("?"))
            .collect();
        let (client, nonsense) = self.client(peer, &forwarded);
        if let Some(nonsense) = nonsense
            && self.complaints.check().is_ok()
        {
            let part: String = nonsense.chars().take(LONGEST_SHOWN).collect();
            tracing::warn!(
                proxy = %client,
                ?part,
                "a trusted proxy sends an X-Forwarded-For that is no address, so its own address stands for all its callers: correct the proxy"
            );
        }
        Some(client)
    }

    /// The client's address, and the part that ended the search because it is no address.
    fn client<'a>(&self, peer: IpAddr, forwarded: &[&'a str]) -> (IpAddr, Option<&'a str>) {
        let mut client = peer;
        let parts = forwarded.iter().rev().flat_map(|line| line.rsplit(','));
        // Proxies that append to a header that is not there leave an empty part.
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            if !self.trusts(client) {
                break;
            }
            let Some(address) = address(part) else {
                return (client, Some(part));
            };
            client = address.to_canonical();
        }
        (client, None)
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// The address in a part of the header, as proxies write it: bare, with a port, in brackets, with
/// the zone of a link-local address, in quotes.
fn address(part: &str) -> Option<IpAddr> {
    let part = part.trim_matches('"').trim();
    if let Ok(address) = part.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(address) = part.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let (inner, after) = match part.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => (part, ""),
    };
    let is_port = |text: &str| text.parse::<u16>().is_ok();
    let is_whole = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
    let without_zone = inner.split_once('%').map_or(inner, |(address, _)| address);
    let address = without_zone.parse::<IpAddr>().ok()?;
    is_whole.then_some(address)
}

/// One customer's IPv6 addresses are a /64; counting single ones would count nothing.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str]) -> (String, bool) {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let (client, nonsense) = proxies.client(peer.parse().unwrap(), forwarded);
        (client.to_string(), nonsense.is_some())
    }

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let (client, is_nonsense) = found(peer, forwarded);
        assert!(!is_nonsense, "{forwarded:?}");
        client
    }

    #[test]
    fn a_stranger_cannot_say_who_they_are() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_as_far_as_the_first_stranger() {
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6", "198.51.100.1", "10.0.0.2"]),
            "198.51.100.1"
        );
    }

    #[test]
    fn an_address_is_read_as_proxies_write_it() {
        for (part, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:50123", "203.0.113.7"),
            ("\"203.0.113.7\"", "203.0.113.7"),
            ("\"203.0.113.7:50123\"", "203.0.113.7"),
            ("\t203.0.113.7 ", "203.0.113.7"),
            ("203.0.113.7, ", "203.0.113.7"),
            ("203.0.113.7,,", "203.0.113.7"),
            ("unknown, 203.0.113.7", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("::ffff:cb00:7107", "203.0.113.7"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%2]:443", "fe80::1"),
            ("203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
            ("203.0.113.7, 10.0.0.2:8080", "203.0.113.7"),
        ] {
            assert_eq!(client("10.0.0.1", &[part]), expected, "{part}");
        }
        assert_eq!(
            client("10.0.0.1", &["203.0.113.7:50123", ""]),
            "203.0.113.7"
        );
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[", ,"]), "10.0.0.1");
    }

    #[test]
    fn nonsense_ends_the_search_at_the_last_proxy() {
        for part in [
            "unknown",
            "_hidden",
            "203.0.113.7:port",
            "203.0.113.7:99999",
            "[203.0.113.7",
            "[2001:db8::1]443",
            "203.0.113.7 198.51.100.1",
            "localhost",
            "300.1.1.1",
        ] {
            assert_eq!(
                found("10.0.0.1", &[&format!("198.51.100.1, {part}, 10.0.0.2")]),
                (String::from("10.0.0.2"), true),
                "{part}"
            );
        }
    }
}
