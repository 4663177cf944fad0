//! Where replicas share their tokens.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::{Cause, Clock, StoreResult, StoredWechatToken, WechatTokenRepository};
use domain::time::after;
use tokio::time::timeout;

use super::{FetchedToken, TokenKey};

/// How long the repository may hold up a call that waits for a token: a fetch is quicker then.
const PATIENCE: Duration = Duration::from_millis(500);

/// The repository, and the clock by which its tokens expire.
pub(crate) struct SharedTokens {
    pub(crate) repository: Arc<dyn WechatTokenRepository>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl SharedTokens {
    pub(super) async fn load(&self, key: &TokenKey) -> Option<FetchedToken> {
        let stored = told(self.repository.load(&key.to_string())).await??;
        let left = stored.expires_at.duration_since(self.clock.now());
        Some(FetchedToken {
            token: stored.token,
            expires_in: Duration::try_from(left).ok()?,
        })
    }

    pub(super) async fn save(&self, key: &TokenKey, fetched: &FetchedToken) {
        let stored = StoredWechatToken {
            token: fetched.token.clone(),
            expires_at: after(self.clock.now(), fetched.expires_in),
        };
        told(self.repository.save(&key.to_string(), &stored)).await;
    }
}

/// What the repository says, if it does in time.
async fn told<T>(call: impl Future<Output = StoreResult<T>>) -> Option<T> {
    let told = timeout(PATIENCE, call).await.map_err(Cause::from);
    let told = told.and_then(|told| told.map_err(Cause::from));
    let unshared = "WeChat's access_token is not shared between replicas";
    told.inspect_err(|error| tracing::warn!(error = &**error, "{unshared}"))
        .ok()
}
