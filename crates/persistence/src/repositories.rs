//! The domain's ports, on this database.

use async_trait::async_trait;
use domain::id::SessionId;
use domain::ports::{SessionRepository, StoreResult, UserRepository};
use domain::secret::SecretHash;
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::visit::{Visit, VisitOutcome};

use crate::database::Database;
use crate::transaction::transaction;
use crate::visits::WrittenVisit;
use crate::{session_bound, sessions};

#[async_trait]
impl UserRepository for Database {
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome> {
        let (bound, at) = (visit.sessions_per_user, visit.at);
        let WrittenVisit {
            mut outcome,
            sessions_opened,
        } = self.visits.write(visit).await?;
        if bound > 0
            && sessions_opened > i64::from(bound)
            && let VisitOutcome::Recorded {
                account,
                ended_others,
            } = &mut outcome
        {
            *ended_others = self.bound_sessions(account, bound, at).await;
        }
        Ok(outcome)
    }
}

impl Database {
    /// Ends the oldest sessions beyond `bound`. Gives whether there were any. If it fails, the
    /// login is good all the same, and the next one ends them.
    async fn bound_sessions(&self, account: &SessionAccount, bound: u32, at: Timestamp) -> bool {
        let (user, identity) = (account.user.id, account.identity.clone());
        let kept = self.pool.run(move |connection| {
            transaction(connection, |connection| {
                session_bound::keep(connection, user, &identity, bound, at)
            })
        });
        kept.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the oldest sessions of a user were not ended");
            false
        })
    }
}

#[async_trait]
impl SessionRepository for Database {
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>> {
        self.pool
            .call(move |connection| sessions::find(connection, id))
            .await
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>> {
        self.pool
            .call(move |connection| sessions::find_repeated(connection, code, nonce, since))
            .await
    }
}
