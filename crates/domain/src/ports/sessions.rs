//! Ports: where sessions are kept, and how they go on and end.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreResult;
use crate::account::Page;
use crate::id::{SessionId, UserId};
use crate::secret::SecretHash;
use crate::session::{Generation, ListedSession, SessionAccount};
use crate::time::{Duration, Timestamp};

#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session, with its user and identity. `None` if there is none; one that has ended or
    /// expired is still found.
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>>;

    /// The session, if it [can be used](SessionAccount::is_usable) at `at`.
    ///
    /// An adapter MAY answer with a session that it remembers. It MUST NOT answer `None` because
    /// of what it remembers: the session may have been prolonged, or its user enabled, elsewhere.
    async fn find_usable(
        &self,
        id: SessionId,
        at: Timestamp,
    ) -> StoreResult<Option<Arc<SessionAccount>>> {
        let found = self.find(id).await?;
        Ok(found.filter(|account| account.is_usable(at)).map(Arc::new))
    }

    /// The session that was opened with this code and this nonce at or after `since`.
    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>>;
}

/// Carries sessions on from generation to generation, and ends them.
///
/// An adapter MUST make each call one atomic, durable step, and MUST announce every session it
/// ends to the [`ChangeFeed`](super::ChangeFeed).
#[async_trait]
pub trait SessionLifecycle: Send + Sync {
    /// Notes that a token of `generation` has been used: the session's generation becomes
    /// `generation` if it was less.
    ///
    /// A refresh token of a generation less than the session's is a replay: the session is
    /// ended, durably, and the answer is [`GenerationUse::Replayed`]. While the
    /// [grace](crate::session::Session::is_in_grace) lasts it is none: it is taken and changes
    /// nothing. So is an access token of such a generation, until it expires.
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> StoreResult<GenerationUse>;

    /// A page of the user's sessions that are live at `now`, the newest first.
    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>>;

    /// Ends one session of a user. `false` if the user has no such live session. A session that
    /// ended at `at` exactly was ended by this call, repeated after a lost answer: `true`.
    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool>;

    /// Ends all sessions of a user. Gives how many were live. It takes no longer for a user with a
    /// million sessions than it takes to count them.
    async fn end_all(&self, user: UserId, at: Timestamp) -> StoreResult<usize>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    Access,
    Refresh {
        /// When the session expires from now on.
        expires_at: Timestamp,
        /// How long after the first use of its successor the token is still taken; zero for not
        /// at all.
        grace: Duration,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GenerationUse {
    Live(Box<SessionAccount>),
    /// The token is of a generation whose successor has been used: the session has been ended.
    Replayed,
    /// There is no such session, or it has ended or expired, or its user is disabled.
    Ended,
}
