//! The format of our tokens: a signed JWT for access, an opaque text for refresh.

mod access_token;
mod refresh_token;
mod signing_key;

use std::time::Duration;

use domain::ports::{
    AccessGrant, AccessTokenError, RefreshGrant, RefreshTokenError, TokenIssueError, TokenIssuer,
    TokenPair,
};
use domain::secret::{AccessToken, RefreshToken};
use domain::time::{Timestamp, after};

pub use signing_key::SigningKey;

/// Issues JWTs signed with Ed25519 (RFC 8037) and refresh tokens authenticated with HMAC-SHA256.
pub struct JwtTokenIssuer {
    key: SigningKey,
    issuer: String,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

impl JwtTokenIssuer {
    /// An issuer named `issuer` (the tokens' `iss`).
    #[must_use]
    pub fn new(
        key: SigningKey,
        issuer: String,
        access_ttl: Duration,
        refresh_ttl: Duration,
    ) -> Self {
        Self {
            key,
            issuer,
            access_ttl,
            refresh_ttl,
        }
    }
}

impl TokenIssuer for JwtTokenIssuer {
    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError> {
        let access = access_token::sign(&self.key, &self.issuer, grant, now, self.access_ttl);
        Ok(TokenPair {
            access: access.map_err(|error| TokenIssueError(error.into()))?,
            access_ttl: self.access_ttl,
            refresh: refresh_token::make(&self.key, grant, after(now, self.refresh_ttl)),
            refresh_ttl: self.refresh_ttl,
        })
    }

    fn read_access(
        &self,
        token: &AccessToken,
        now: Timestamp,
    ) -> Result<AccessGrant, AccessTokenError> {
        access_token::read(&self.key, &self.issuer, token, now)
    }

    fn read_refresh(
        &self,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<RefreshGrant, RefreshTokenError> {
        refresh_token::read(&self.key, token, now).ok_or(RefreshTokenError)
    }
}

#[cfg(test)]
mod tests;
