//! The adapter of the domain's port [`WechatTokenSource`].

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{WechatApiError, WechatTokenSource};
use domain::secret::WechatToken;

use crate::app_client::AppClient;
use crate::exchanger::NoSecret;

/// Gives the access_tokens of the apps it was given. Clones of an [`AppClient`] share one token,
/// so it gives the token the service itself works with.
#[derive(Debug)]
pub struct HttpWechatTokenSource {
    apps: HashMap<AppId, AppClient>,
}

impl HttpWechatTokenSource {
    /// An adapter for `apps`.
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: apps
                .into_iter()
                .map(|app| (app.app_id().clone(), app))
                .collect(),
        }
    }
}

impl HttpWechatTokenSource {
    fn client(&self, app: &AppId) -> Result<&AppClient, WechatApiError> {
        self.apps
            .get(app)
            .ok_or_else(|| NoSecret(app.clone()).into())
    }
}

#[async_trait]
impl WechatTokenSource for HttpWechatTokenSource {
    async fn current(&self, app: &AppId) -> Result<(WechatToken, Duration), WechatApiError> {
        let fetched = self.client(app)?.access_token().await?;
        Ok((fetched.token, fetched.expires_in))
    }

    async fn instead_of(
        &self,
        app: &AppId,
        refused: &WechatToken,
    ) -> Result<(WechatToken, Duration), WechatApiError> {
        let fetched = self.client(app)?.access_token_instead_of(refused).await?;
        Ok((fetched.token, fetched.expires_in))
    }
}
