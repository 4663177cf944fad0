//! Use case: a request with a token.

use std::sync::Arc;

use crate::ports::{
    AccessTokenError, Clock, GenerationUse, RepositoryError, SessionLifecycle, SessionRepository,
    TokenIssuer, TokenUse,
};
use crate::secret::AccessToken;
use crate::session::SessionAccount;

/// Tells who is asking.
pub struct AccessService {
    /// The store of sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// How sessions go on and end.
    pub lifecycle: Arc<dyn SessionLifecycle>,
    /// Our tokens.
    pub tokens: Arc<dyn TokenIssuer>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
}

/// Why a request with a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token is not ours.
    #[error("the token is not one of this service's")]
    TokenInvalid,
    /// The token's time is over.
    #[error("the token has expired")]
    TokenExpired,
    /// The session was ended, or its user was disabled or deleted.
    #[error("the session has ended")]
    SessionRevoked,
    /// There is nothing to verify tokens with yet: again later.
    #[error("there is no key to verify the token with yet")]
    NoKey,
    /// The database did not answer.
    #[error("the session could not be looked up")]
    Storage(#[from] RepositoryError),
}

impl AccessService {
    /// The session, user and identity behind `token`.
    pub async fn account(&self, token: &AccessToken) -> Result<Arc<SessionAccount>, AccessError> {
        let now = self.clock.now();
        let grant = self.tokens.read_access(token, now)?;
        let account = self
            .sessions
            .find_usable(grant.session_id, now)
            .await?
            .ok_or(AccessError::SessionRevoked)?;
        if grant.generation <= account.session.generation {
            return Ok(account);
        }
        // The first use of a newer generation closes the one before it: one write a generation.
        let used = self
            .lifecycle
            .use_generation(grant.session_id, grant.generation, now, TokenUse::Access)
            .await?;
        match used {
            GenerationUse::Live(account) => Ok(Arc::from(account)),
            GenerationUse::Replayed | GenerationUse::Ended => Err(AccessError::SessionRevoked),
        }
    }
}

impl From<AccessTokenError> for AccessError {
    fn from(error: AccessTokenError) -> Self {
        match error {
            AccessTokenError::Invalid => Self::TokenInvalid,
            AccessTokenError::Expired => Self::TokenExpired,
            AccessTokenError::NoKey => Self::NoKey,
        }
    }
}
