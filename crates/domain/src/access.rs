//! Use case: a request with a token.

use std::sync::Arc;

use crate::ports::{
    Clock, GenerationUse, RepositoryError, SessionLifecycle, SessionRepository, TokenError,
    TokenIssuer, TokenUse,
};
use crate::secret::AccessToken;
use crate::session::SessionAccount;

pub struct AccessService {
    pub sessions: Arc<dyn SessionRepository>,
    pub lifecycle: Arc<dyn SessionLifecycle>,
    pub tokens: Arc<dyn TokenIssuer>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The session was ended, or its user was disabled or deleted.
    #[error("the session has ended")]
    SessionRevoked,
    #[error("the session could not be looked up")]
    Storage(#[from] RepositoryError),
}

impl AccessService {
    /// The session, user and identity behind `token`.
    pub async fn account(&self, token: &AccessToken) -> Result<Arc<SessionAccount>, AccessError> {
        let now = self.clock.now();
        let grant = self.tokens.read_access(token, now)?;
        let account = self.sessions.find_usable(grant.session_id, now).await?;
        let account = account.ok_or(AccessError::SessionRevoked)?;
        if grant.generation <= account.session.generation {
            return Ok(account);
        }
        // The first use of a newer generation closes the one before it: one write a generation.
        let (lifecycle, id, generation) = (&self.lifecycle, grant.session_id, grant.generation);
        let used = lifecycle.use_generation(id, generation, now, TokenUse::Access);
        match used.await? {
            GenerationUse::Live(account) => Ok(Arc::from(account)),
            GenerationUse::Replayed | GenerationUse::Ended => Err(AccessError::SessionRevoked),
        }
    }
}
