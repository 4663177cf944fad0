//! Sessions, which are read from the memory.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::Page;
use domain::id::{SessionId, UserId};
use domain::ports::{
    Change, GenerationUse, RepositoryError, SessionLifecycle, SessionRepository, TokenUse,
};
use domain::secret::SecretHash;
use domain::session::{Generation, ListedSession, SessionAccount};
use domain::time::Timestamp;

use super::Remembering;

#[async_trait]
impl SessionRepository for Remembering<dyn SessionRepository> {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        self.plain().find(id).await
    }

    async fn find_usable(
        &self,
        id: SessionId,
        at: Timestamp,
    ) -> Result<Option<Arc<SessionAccount>>, RepositoryError> {
        if let Some(account) = self.memory.find_usable(id, at) {
            return Ok(Some(account));
        }
        let before = self.memory.before();
        let found = self.plain().find_usable(id, at).await?;
        if let Some(account) = &found {
            self.memory.learn(account, before);
        }
        Ok(found)
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> Result<Option<SessionAccount>, RepositoryError> {
        self.plain().find_repeated(code, nonce, since).await
    }
}

#[async_trait]
impl SessionLifecycle for Remembering<dyn SessionLifecycle> {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> Result<GenerationUse, RepositoryError> {
        let before = self.memory.before();
        let used = self.plain().use_generation(id, generation, at, token).await;
        match &used {
            Ok(GenerationUse::Live(account)) => {
                let account = Arc::new(SessionAccount::clone(account));
                self.memory.learn(&account, before);
            }
            Ok(GenerationUse::Replayed | GenerationUse::Ended) | Err(_) => {
                self.memory.forget(Change::Session(id));
            }
        }
        used
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> Result<Vec<ListedSession>, RepositoryError> {
        self.plain().list(user, now, page).await
    }

    async fn end(
        &self,
        user: UserId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let ended = self.plain().end(user, id, at).await;
        self.memory.forget(Change::Session(id));
        ended
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<usize, RepositoryError> {
        self.changing_user(user, |store| store.end_all(user, at))
            .await
    }
}
