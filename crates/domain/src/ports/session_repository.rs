//! Port: where sessions are kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::RepositoryError;
use crate::id::SessionId;
use crate::secret::SecretHash;
use crate::session::SessionAccount;
use crate::time::Timestamp;

/// Keeps sessions.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session, with its user and identity. `None` if there is none; one that has ended or
    /// expired is still found.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError>;

    /// What is known of the session without asking a database. `None` says nothing: ask
    /// [`find`](Self::find).
    fn remembered(&self, _id: SessionId) -> Option<Arc<SessionAccount>> {
        None
    }

    /// The session that was opened with this code and this nonce at or after `since`.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> Result<Option<SessionAccount>, RepositoryError>;
}
