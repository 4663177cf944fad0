//! All keys whose tokens may still be alive.

use std::time::Duration;

use domain::time::{Timestamp, after};
use serde::Serialize;
use utoipa::ToSchema;

use super::SigningKey;
use super::signing_key::KeyId;

/// How old a key must be before it signs, so that every replica has read it by then: a token is
/// never shown to a replica that does not know its key.
const SETTLE: Duration = Duration::from_secs(20);

/// The keys, the newest first.
#[derive(Default)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
}

/// A JSON Web Key Set (RFC 7517), bare.
#[derive(Serialize, ToSchema)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// A public Ed25519 key (RFC 8037).
#[derive(Serialize, ToSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
}

impl KeyRing {
    /// A ring of these keys, the newest first.
    #[must_use]
    pub fn new(keys: Vec<SigningKey>) -> Self {
        Self { keys }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key to sign with: the newest that has settled, or, if none has, the oldest.
    pub(super) fn signing(&self, now: Timestamp) -> Option<&SigningKey> {
        let settled = self
            .keys
            .iter()
            .find(|key| after(key.made_at, SETTLE) <= now);
        settled.or_else(|| self.keys.last())
    }

    pub(super) fn has(&self, id: KeyId) -> bool {
        self.keys.iter().any(|key| key.id == id)
    }

    pub(super) fn of_kid(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    pub(super) fn of_tag(&self, tag: &[u8]) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.tag == tag)
    }

    /// The public keys, for those who verify tokens offline.
    #[must_use]
    pub fn public(&self) -> JwkSet {
        let keys = self.keys.iter().map(|key| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: key.kid.clone(),
            x: key.public.clone(),
        });
        JwkSet {
            keys: keys.collect(),
        }
    }
}
