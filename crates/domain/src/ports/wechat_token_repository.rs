//! Port: where replicas share WeChat's access_tokens.

use async_trait::async_trait;

use super::StoreResult;
use crate::secret::WechatToken;
use crate::time::Timestamp;

/// Keeps the newest access_token of each app, sealed, so that one replica fetches it for all.
#[async_trait]
pub trait WechatTokenRepository: Send + Sync {
    /// The token kept under `key` (the app, and which of WeChat's kinds of token). One that has
    /// expired is still found.
    async fn load(&self, key: &str) -> StoreResult<Option<StoredWechatToken>>;

    /// Keeps `token` in place of an earlier one.
    async fn save(&self, key: &str, token: &StoredWechatToken) -> StoreResult<()>;
}

#[derive(Clone, Debug)]
pub struct StoredWechatToken {
    pub token: WechatToken,
    /// When WeChat stops taking it.
    pub expires_at: Timestamp,
}
