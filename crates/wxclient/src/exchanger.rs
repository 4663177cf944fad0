//! The adapter of the domain's port [`CodeExchanger`].

use std::collections::HashMap;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{CodeExchanger, WechatApiError, WechatFailure, WechatSession};
use domain::secret::LoginCode;

use crate::app::App;
use crate::client::WechatClient;

/// Exchanges login codes at WeChat over HTTP, for the apps it was given.
#[derive(Debug)]
pub struct HttpCodeExchanger {
    client: WechatClient,
    apps: HashMap<AppId, App>,
}

impl HttpCodeExchanger {
    /// An exchanger for `apps`.
    pub fn new(client: WechatClient, apps: impl IntoIterator<Item = App>) -> Self {
        Self {
            client,
            apps: apps
                .into_iter()
                .map(|app| (app.app_id.clone(), app))
                .collect(),
        }
    }
}

#[async_trait]
impl CodeExchanger for HttpCodeExchanger {
    async fn exchange(
        &self,
        app: &AppId,
        code: &LoginCode,
    ) -> Result<WechatSession, WechatApiError> {
        let app = self.apps.get(app).ok_or_else(|| NoSecret(app.clone()))?;
        self.client
            .code2session(app, code)
            .await
            .map_err(WechatApiError::from)
    }
}

/// An app without an AppSecret.
#[derive(Debug, thiserror::Error)]
#[error("no AppSecret is known for app {0}; add the app to the settings")]
pub(crate) struct NoSecret(pub(crate) AppId);

impl From<NoSecret> for WechatApiError {
    fn from(cause: NoSecret) -> Self {
        Self {
            failure: WechatFailure::Misconfigured,
            spends_code: false,
            retry_after: None,
            cause: Box::new(cause),
        }
    }
}
