//! The adapter of the domain's port [`WechatTokenSource`].

use std::time::Duration;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{WechatApiError, WechatTokenSource};
use domain::secret::WechatToken;

use crate::app_client::AppClient;
use crate::apps::Apps;

/// Gives the access_tokens of the apps it was given. Clones of an [`AppClient`] share one token,
/// so it gives the token the service itself works with.
#[derive(Debug)]
pub struct HttpWechatTokenSource {
    apps: Apps<AppClient>,
}

impl HttpWechatTokenSource {
    /// An adapter for `apps`.
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: Apps::new(apps, AppClient::app_id),
        }
    }
}

#[async_trait]
impl WechatTokenSource for HttpWechatTokenSource {
    async fn current(&self, app: &AppId) -> Result<(WechatToken, Duration), WechatApiError> {
        let fetched = self.apps.get(app)?.access_token().await?;
        Ok((fetched.token, fetched.expires_in))
    }

    async fn instead_of(
        &self,
        app: &AppId,
        refused: &WechatToken,
    ) -> Result<(WechatToken, Duration), WechatApiError> {
        let fetched = self.apps.get(app)?.access_token_instead_of(refused).await?;
        Ok((fetched.token, fetched.expires_in))
    }
}
