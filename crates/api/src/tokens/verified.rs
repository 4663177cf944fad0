//! Verified access tokens, so that a signature is verified once and not at each request.

use aws_lc_rs::digest::{SHA256, digest};
use domain::ports::{SessionGrant, TokenError};
use domain::secret::AccessToken;
use domain::time::Timestamp;
use quick_cache::sync::Cache;

use super::LiveKeys;
use super::signing_key::KeyId;

/// How many are remembered, those used least go first: as many as sessions are. One takes some
/// 150 bytes.
const CAPACITY: usize = 6_500;

/// What a token whose signature held says.
#[derive(Clone, Copy)]
pub(super) struct Verified {
    pub(super) grant: SessionGrant,
    /// Unix seconds.
    pub(super) expires_at: i64,
    pub(super) key: KeyId,
}

impl Verified {
    /// What it grants at `now`. (There is no leeway for the tokens of one's own.)
    pub(super) fn at(&self, now: Timestamp) -> Result<SessionGrant, TokenError> {
        if self.expires_at <= now.as_second() {
            return Err(TokenError::Expired);
        }
        Ok(self.grant)
    }
}

/// Tokens by their SHA-256: the memory of the process holds no token that could be used.
pub(super) struct VerifiedTokens(Cache<[u8; 32], Verified>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl VerifiedTokens {
    /// What `token` says, if it is known and its key is still one of `keys`.
    pub(super) fn get(&self, token: &AccessToken, keys: &LiveKeys) -> Option<Verified> {
        let verified = self.0.get(&hash(token)?)?;
        keys.has(verified.key).then_some(verified)
    }

    /// Caches `token`, which MUST be valid, so that a caller cannot fill the cache with garbage.
    pub(super) fn insert(&self, token: &AccessToken, verified: Verified) {
        if let Some(hash) = hash(token) {
            self.0.insert(hash, verified);
        }
    }
}

fn hash(token: &AccessToken) -> Option<[u8; 32]> {
    let hash = digest(&SHA256, token.expose().as_bytes());
    hash.as_ref().try_into().ok()
}
