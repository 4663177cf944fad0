//! The adapter of the domain's port [`CodeExchanger`].

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{CodeExchanger, WechatApiError, WechatSession};
use domain::secret::LoginCode;

use crate::app::App;
use crate::apps::Apps;
use crate::client::WechatClient;

/// Exchanges login codes at WeChat over HTTP, for the apps it was given.
#[derive(Debug)]
pub struct HttpCodeExchanger {
    client: WechatClient,
    apps: Apps<App>,
}

impl HttpCodeExchanger {
    /// An exchanger for `apps`.
    pub fn new(client: WechatClient, apps: impl IntoIterator<Item = App>) -> Self {
        Self {
            client,
            apps: Apps::new(apps, |app| &app.app_id),
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
        Ok(self.client.code2session(self.apps.get(app)?, code).await?)
    }
}
