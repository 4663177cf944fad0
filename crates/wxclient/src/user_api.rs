//! The adapter of the domain's port [`WechatUserApi`].

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};

use crate::app_client::AppClient;
use crate::apps::Apps;

/// Asks WeChat about users over HTTP, for the apps it was given.
#[derive(Debug)]
pub struct HttpWechatUserApi {
    apps: Apps<AppClient>,
}

impl HttpWechatUserApi {
    /// An adapter for `apps`.
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: Apps::new(apps, AppClient::app_id),
        }
    }
}

#[async_trait]
impl WechatUserApi for HttpWechatUserApi {
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
