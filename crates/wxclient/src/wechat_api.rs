//! The adapter of the domain's ports that concern an app: [`WechatUserApi`] and [`WechatTokenSource`].

use std::time::Duration;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatTokenSource, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey, WechatToken};

use crate::app_client::AppClient;
use crate::apps::Apps;

/// Asks WeChat over HTTP about users, and gives the access_tokens, of the apps it was given. Clones of
/// an [`AppClient`] share one token, so it gives the token the service itself works with.
#[derive(Debug)]
pub struct HttpWechatApi {
    apps: Apps<AppClient>,
}

impl HttpWechatApi {
    /// An adapter for `apps`.
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: Apps::new(apps, AppClient::app_id),
        }
    }

    /// The client of an app, if it has one.
    #[must_use]
    pub fn client(&self, app: &AppId) -> Option<&AppClient> {
        self.apps.get(app).ok()
    }
}

#[async_trait]
impl WechatUserApi for HttpWechatApi {
    async fn phone_number(
        &self,
        app: &AppId,
        open_id: &OpenId,
        code: &PhoneCode,
    ) -> Result<PhoneGrant, WechatApiError> {
        Ok(self.apps.get(app)?.phone_number(code, open_id).await?)
    }

    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        let app = self.apps.get(app)?;
        Ok(app.check_session(open_id, session_key).await?)
    }
}

#[async_trait]
impl WechatTokenSource for HttpWechatApi {
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
