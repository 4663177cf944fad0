//! The domain's ports, on this database.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::{AppId, OpenId, SessionId};
use domain::ports::{RepositoryError, SessionRepository, UserRepository};
use domain::secret::{SecretHash, SessionKey};
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::visit::{Visit, VisitOutcome};

use crate::group_commit::GroupCommit;
use crate::key_ring::SessionKeyVault;
use crate::pool::Pool;
use crate::transaction::transaction;
use crate::visits::{Visits, WrittenVisit};
use crate::{session_bound, sessions, users};

/// [`UserRepository`] in Diesel.
#[derive(Clone)]
pub struct DieselUserRepository {
    pub(crate) pool: Pool,
    pub(crate) visits: Arc<GroupCommit<Visits>>,
    pub(crate) vault: Arc<SessionKeyVault>,
}

#[async_trait]
impl UserRepository for DieselUserRepository {
    async fn record_visit(&self, visit: Visit) -> Result<VisitOutcome, RepositoryError> {
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

impl DieselUserRepository {
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

    /// The session_keys of an identity that are kept, newest first; none for an unknown one.
    ///
    /// # Errors
    /// [`RepositoryError`]. One that does not open, because its master key is not configured any more,
    /// or because it was changed or moved in the database, is skipped.
    pub async fn session_keys(
        &self,
        app: &AppId,
        user: &OpenId,
    ) -> Result<Vec<SessionKey>, RepositoryError> {
        let (key_app, key_user) = (app.clone(), user.clone());
        let row = self
            .pool
            .run(move |connection| users::session_keys(connection, &key_app, &key_user))
            .await?;
        Ok(self.vault.open_all(app, user, &row.unwrap_or_default())?)
    }
}

/// [`SessionRepository`] in Diesel.
#[derive(Clone)]
pub struct DieselSessionRepository {
    pub(crate) pool: Pool,
}

#[async_trait]
impl SessionRepository for DieselSessionRepository {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        let found = self
            .pool
            .run(move |connection| sessions::find(connection, id));
        Ok(found.await?)
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> Result<Option<SessionAccount>, RepositoryError> {
        let found = self
            .pool
            .run(move |connection| sessions::find_repeated(connection, code, nonce, since));
        Ok(found.await?)
    }
}
