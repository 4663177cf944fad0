//! Counts how sessions go on and end.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::Page;
use domain::id::{SessionId, UserId};
use domain::ports::{GenerationUse, SessionLifecycle, StoreResult, TokenUse};
use domain::session::{Generation, ListedSession};
use domain::time::Timestamp;

use super::Metrics;

/// [`SessionLifecycle`] with counts.
pub(super) struct CountedLifecycle {
    pub(super) sessions: Arc<dyn SessionLifecycle>,
    pub(super) metrics: Arc<Metrics>,
}

#[async_trait]
impl SessionLifecycle for CountedLifecycle {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> StoreResult<GenerationUse> {
        let used = self.sessions.use_generation(id, generation, at, token);
        let used = used.await?;
        match (&used, token) {
            (GenerationUse::Live(_), TokenUse::Refresh { .. }) => {
                self.metrics.sessions_refreshed.inc()
            }
            (GenerationUse::Replayed, _) => self.metrics.sessions_replayed.inc(),
            (GenerationUse::Live(_) | GenerationUse::Ended, _) => 0,
        };
        Ok(used)
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>> {
        self.sessions.list(user, now, page).await
    }

    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        let has_ended = self.sessions.end(user, id, at).await?;
        self.metrics.sessions_ended.inc_by(u64::from(has_ended));
        Ok(has_ended)
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> StoreResult<usize> {
        let ended = self.sessions.end_all(user, at).await?;
        self.metrics.sessions_ended.inc_by(ended as u64);
        Ok(ended)
    }
}
