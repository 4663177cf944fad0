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

#[async_trait]
impl WechatTokenSource for HttpWechatTokenSource {
    async fn current(&self, app: &AppId) -> Result<(WechatToken, Duration), WechatApiError> {
        let client = self
            .apps
            .get(app)
            .ok_or_else(|| WechatApiError::Misconfigured(Box::new(NoSecret(app.clone()))))?;
        let fetched = client.access_token().await.map_err(WechatApiError::from)?;
        Ok((fetched.token, fetched.expires_in))
    }
}
