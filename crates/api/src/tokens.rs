//! The format of our tokens: a signed JWT for access, an opaque text for refresh.

mod access_token;
mod jwk;
mod key_keeper;
mod key_pair;
mod live_keys;
mod refresh_token;
mod signing_key;
mod succession;
mod verified;

use std::sync::Arc;
use std::time::Duration;

use domain::ports::{
    AccessGrant, SessionGrant, TokenError, TokenIssueError, TokenIssuer, TokenPair,
};
use domain::secret::{AccessToken, RefreshToken};
use domain::time::{Timestamp, after};
use parking_lot::RwLock;

pub(crate) use access_token::{Audience, Claims};
pub(crate) use jwk::JwkSet;
pub(crate) use key_keeper::{KEPT_LONGER, KeyKeeper};
pub(crate) use key_pair::new_secret;
pub(crate) use live_keys::LiveKeys;
pub(crate) use signing_key::SigningKey;
use verified::VerifiedTokens;

/// Issues JWTs signed with Ed25519, P-256 or RSA, and refresh tokens authenticated with HMAC-SHA256.
///
/// Until it is given keys it issues and reads nothing.
pub(crate) struct JwtTokenIssuer {
    keys: RwLock<Arc<LiveKeys>>,
    verified: VerifiedTokens,
    policy: TokenPolicy,
}

/// What the operator decides about tokens.
#[derive(Clone, Debug)]
pub(crate) struct TokenPolicy {
    /// The tokens' `iss`.
    pub issuer: String,
    /// The access tokens' `aud`.
    pub audience: Option<Audience>,
    /// How long an access token is good for.
    pub access_ttl: Duration,
    /// How long a refresh token is good for.
    pub refresh_ttl: Duration,
}

impl JwtTokenIssuer {
    pub(crate) fn new(policy: TokenPolicy) -> Self {
        Self {
            keys: RwLock::default(),
            verified: VerifiedTokens::default(),
            policy,
        }
    }

    pub(crate) fn set_keys(&self, keys: LiveKeys) {
        *self.keys.write() = Arc::new(keys);
    }

    pub(crate) fn keys(&self) -> Arc<LiveKeys> {
        Arc::clone(&self.keys.read())
    }

    /// The claims of a token of ours that is still good.
    pub(crate) fn claims(&self, token: &AccessToken, now: Timestamp) -> Result<Claims, TokenError> {
        let keys = self.keys_to_read()?;
        let (claims, verified) = access_token::read(&keys, &self.policy.issuer, token)?;
        verified.at(now)?;
        Ok(claims)
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.policy.issuer
    }

    /// The keys to publish. If there are none, a verifier must not cache that.
    pub(crate) fn keys_to_show(&self) -> Result<Arc<LiveKeys>, TokenIssueError> {
        self.can_issue()?;
        Ok(self.keys())
    }

    fn keys_to_read(&self) -> Result<Arc<LiveKeys>, TokenError> {
        let keys = self.keys();
        if keys.is_empty() {
            return Err(TokenError::NoKey);
        }
        Ok(keys)
    }
}

impl TokenIssuer for JwtTokenIssuer {
    fn can_issue(&self) -> Result<(), TokenIssueError> {
        let keys = self.keys.read();
        keys.signing().map(|_| ()).ok_or(TokenIssueError::NoKey)
    }

    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError> {
        let keys = self.keys();
        let key = keys.signing().ok_or(TokenIssueError::NoKey)?;
        let (access, verified) = access_token::sign(key, &self.policy, grant, now)
            .map_err(|error| TokenIssueError::Failed(error.into()))?;
        // Who logs in comes back with the token: our own signature needs no verification.
        self.verified.insert(&access, verified);
        Ok(TokenPair {
            access,
            access_ttl: self.policy.access_ttl,
            refresh: refresh_token::make(key, grant, after(now, self.policy.refresh_ttl)),
            refresh_ttl: self.policy.refresh_ttl,
        })
    }

    fn read_access(&self, token: &AccessToken, now: Timestamp) -> Result<SessionGrant, TokenError> {
        let keys = self.keys_to_read()?;
        if let Some(verified) = self.verified.get(token, &keys) {
            return verified.at(now);
        }
        let (_, verified) = access_token::read(&keys, &self.policy.issuer, token)?;
        let grant = verified.at(now)?;
        self.verified.insert(token, verified);
        Ok(grant)
    }

    fn read_refresh(
        &self,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<SessionGrant, TokenError> {
        let keys = self.keys_to_read()?;
        refresh_token::read(&keys, token, now).ok_or(TokenError::Invalid)
    }
}

#[cfg(test)]
mod tests;
