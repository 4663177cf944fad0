//! Port: WeChat's access_token, for the team's other services.

use async_trait::async_trait;

use super::WechatApiError;
use crate::id::AppId;
use crate::secret::WechatToken;
use crate::time::Duration;

/// Knows each app's access_token (接口调用凭据), so that one place fetches it.
#[async_trait]
pub trait WechatTokenSource: Send + Sync {
    /// The app's current token, and how long WeChat still takes it.
    async fn current(&self, app: &AppId) -> Result<(WechatToken, Duration), WechatApiError>;

    /// The token that is good now, after another service saw WeChat refuse `refused`. WeChat is
    /// asked anew only if `refused` is still the stored token, and because of such reports at most
    /// once in ten seconds and app; else the stored token is the answer.
    async fn instead_of(
        &self,
        app: &AppId,
        refused: &WechatToken,
    ) -> Result<(WechatToken, Duration), WechatApiError>;
}
