//! The public keys, for offline verification of tokens.

use serde::Serialize;
use utoipa::ToSchema;

/// A JSON Web Key Set (RFC 7517), bare.
#[derive(Serialize, ToSchema)]
pub(crate) struct JwkSet {
    pub(super) keys: Vec<Jwk>,
}

/// A public key: of Ed25519 with `crv` and `x` (RFC 8037), of P-256 with `crv`, `x` and `y`, or of RSA
/// with `n` and `e` (RFC 7518, section 6). Numbers are base64url.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct Jwk {
    pub(super) kty: &'static str,
    pub(super) alg: &'static str,
    #[serde(rename = "use")]
    pub(super) usage: &'static str,
    pub(super) kid: String,
    #[serde(flatten)]
    pub(super) numbers: Numbers,
}

/// What a key consists of, by its type.
#[derive(Clone, Default, Serialize, ToSchema)]
pub(super) struct Numbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<String>,
}
