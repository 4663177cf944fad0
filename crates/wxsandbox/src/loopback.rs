//! Which names and addresses stand for this machine alone.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether the host of `url` is the loopback interface: `127.0.0.0/8`, `::1` (also as
/// `::ffff:127.0.0.1`), `localhost` or a name below `localhost` (RFC 6761, section 6.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Whether a `Host` header names the loopback interface. Anything but a host and a port does not.
pub fn is_loopback_authority(text: &str) -> bool {
    authority(text).is_some_and(|url| is_loopback(&url))
}

/// The URL of a host and perhaps a port, as in `Host`; `None` if there is anything else.
pub(crate) fn authority(text: &str) -> Option<Url> {
    let is_plain = !text.contains(['/', '?', '#', '@', '\\']);
    is_plain
        .then(|| Url::parse(&format!("http://{text}/")).ok())
        .flatten()
}
