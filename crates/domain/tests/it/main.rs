//! The use cases with fakes at every door, and the fake of the repositories under its contract.

mod login;

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{SessionRepository, UserRepository};
use domain::secret::SessionKey;
use domain::testing::InMemoryStore;
use domain::testing::repository_contract::StoreUnderTest;
use domain::time::Timestamp;

struct Fake(Arc<InMemoryStore>);

fn fake() -> std::future::Ready<Fake> {
    std::future::ready(Fake(Arc::default()))
}

domain::repository_contract!(fake);

#[async_trait]
impl StoreUnderTest for Fake {
    fn users(&self) -> Arc<dyn UserRepository> {
        Arc::clone(&self.0) as _
    }

    fn sessions(&self) -> Arc<dyn SessionRepository> {
        Arc::clone(&self.0) as _
    }

    async fn disable(&self, user: UserId, at: Timestamp) {
        self.0.disable(user, at);
    }

    async fn session_keys(&self, app: &AppId, user: &OpenId) -> Vec<SessionKey> {
        self.0.session_keys(app, user)
    }

    async fn merge_candidates(&self) -> Vec<(UserId, UserId)> {
        self.0.merge_candidates()
    }
}
