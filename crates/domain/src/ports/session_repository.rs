//! Port: where sessions are kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreResult;
use crate::id::SessionId;
use crate::secret::SecretHash;
use crate::session::SessionAccount;
use crate::time::Timestamp;

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
