//! Port: the format of our tokens.

use super::Cause;
use crate::id::{AppId, SessionId, UserId};
use crate::secret::{AccessToken, RefreshToken};
use crate::session::Generation;
use crate::time::{Duration, Timestamp};

/// Issues tokens and reads back its own.
///
/// An adapter MUST make tokens that cannot be forged, MUST make a new access token at every call,
/// and MUST refuse every token it did not make.
pub trait TokenIssuer: Send + Sync {
    /// Whether tokens can be issued now: asked before a code is spent that could not be answered with
    /// any.
    fn can_issue(&self) -> Result<(), TokenIssueError>;

    /// Makes the pair of tokens of one generation of a session.
    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError>;

    /// Reads an access token. This happens at every request, so an adapter SHOULD remember what
    /// it has verified.
    fn read_access(&self, token: &AccessToken, now: Timestamp) -> Result<SessionGrant, TokenError>;

    fn read_refresh(
        &self,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<SessionGrant, TokenError>;
}

/// What a token is issued for: who, in which session, of which generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// The app the user logged in to.
    pub app_id: AppId,
    pub generation: Generation,
}

/// What is read from a token; all else is known to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGrant {
    pub session_id: SessionId,
    pub generation: Generation,
}

/// An access token, and the refresh token that is exchanged for the next pair.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access: AccessToken,
    pub access_ttl: Duration,
    pub refresh: RefreshToken,
    pub refresh_ttl: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenIssueError {
    /// The keys have not been read from the database yet, or the master key does not open them: again
    /// later.
    #[error("there is no key to sign with")]
    NoKey,
    #[error("the token could not be signed")]
    Failed(#[source] Cause),
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of this service's")]
    Invalid,
    #[error("the token has expired")]
    Expired,
    /// The keys have not been read from the database yet: again later.
    #[error("there is no key to verify with yet")]
    NoKey,
}
