//! Use case: a session goes on, or ends.

use std::sync::Arc;

use crate::account::Page;
use crate::id::SessionId;
use crate::ports::{
    AccessGrant, Clock, GenerationUse, RepositoryError, SessionLifecycle, StoreResult, TokenError,
    TokenIssueError, TokenIssuer, TokenPair, TokenUse,
};
use crate::secret::RefreshToken;
use crate::session::{ListedSession, SessionAccount};
use crate::time::{Duration, after};

/// Refreshes, lists and ends sessions.
///
/// Refresh tokens have generations. A token of generation n gives a pair of generation n+1, any
/// number of times and in parallel, because a phone may lose an answer. After the first use of
/// anything of n+1 it does so for a short grace, because many request libraries refresh once for
/// each of several refused requests. Then n is a replay, and a replay ends the session.
pub struct SessionService {
    pub lifecycle: Arc<dyn SessionLifecycle>,
    pub tokens: Arc<dyn TokenIssuer>,
    pub clock: Arc<dyn Clock>,
    pub policy: SessionPolicy,
}

#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    /// How long a session lives without being refreshed.
    pub ttl: Duration,
    /// How long after the first use of its successor a refresh token is still taken.
    pub reuse_grace: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("the refresh token is not one of this service's, or too old")]
    Invalid,
    #[error("the refresh token had been replaced; its session has been ended")]
    Reused,
    #[error("the session has ended")]
    SessionRevoked,
    #[error("the session could not be carried on")]
    Storage(#[from] RepositoryError),
    #[error("no tokens could be issued")]
    Token(#[from] TokenIssueError),
}

impl SessionService {
    /// The next pair of tokens.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<TokenPair, RefreshError> {
        let now = self.clock.now();
        let shown = self.tokens.read_refresh(token, now)?;
        let token = TokenUse::Refresh {
            expires_at: after(now, self.policy.ttl),
            grace: self.policy.reuse_grace,
        };
        let (id, generation) = (shown.session_id, shown.generation);
        let used = self.lifecycle.use_generation(id, generation, now, token);
        let account = match used.await? {
            GenerationUse::Live(account) => account,
            GenerationUse::Replayed => return Err(RefreshError::Reused),
            GenerationUse::Ended => return Err(RefreshError::SessionRevoked),
        };
        let left = account.session.expires_at.duration_since(now);
        let grant = AccessGrant {
            user_id: account.user.id,
            session_id: account.session.id,
            app_id: account.identity.app_id,
            generation: generation.next(),
        };
        let mut pair = self.tokens.issue(&grant, now)?;
        // In the grace the session is not prolonged, and the answer says so.
        let left = Duration::try_from(left).unwrap_or_default();
        pair.refresh_ttl = pair.refresh_ttl.min(left);
        Ok(pair)
    }

    /// Ends this session, or all of its user's.
    pub async fn log_out(&self, account: &SessionAccount, everywhere: bool) -> StoreResult<()> {
        if everywhere {
            let now = self.clock.now();
            self.lifecycle.end_all(account.user.id, now).await?;
        } else {
            self.end(account, account.session.id).await?;
        }
        Ok(())
    }

    /// A page of where the user is logged in, the newest first.
    pub async fn list(
        &self,
        account: &SessionAccount,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>> {
        let now = self.clock.now();
        self.lifecycle.list(account.user.id, now, page).await
    }

    /// Ends one of the user's sessions. `false` if they have no such session.
    pub async fn end(&self, account: &SessionAccount, id: SessionId) -> StoreResult<bool> {
        let now = self.clock.now();
        self.lifecycle.end(account.user.id, id, now).await
    }
}

impl From<TokenError> for RefreshError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid | TokenError::Expired => Self::Invalid,
            TokenError::NoKey => Self::Token(TokenIssueError::NoKey),
        }
    }
}
