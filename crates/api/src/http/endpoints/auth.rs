//! `/auth`: for the team's other backends and the proxies in front of them.

mod client;
pub(super) mod introspect;
pub(super) mod verify;
pub(super) mod wechat_signature;
pub(super) mod wechat_token;

pub(crate) use verify::is_preflight;
pub(crate) use wechat_signature::SignatureLimit;

/// Whether a path is one that gateways ask, `/auth/verify` or below: with the method, and some with the
/// path, of the request they hold.
pub(crate) fn is_for_gateways(path: &str) -> bool {
    let tail = path.strip_prefix("/auth/verify");
    tail.is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
}
