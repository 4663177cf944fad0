//! The adapter of the domain's port [`WechatUserApi`].

use std::collections::HashMap;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};

use crate::app_client::AppClient;
use crate::exchanger::NoSecret;

/// Asks WeChat about users over HTTP, for the apps it was given.
#[derive(Debug)]
pub struct HttpWechatUserApi {
    apps: HashMap<AppId, AppClient>,
}

impl HttpWechatUserApi {
    /// An adapter for `apps`.
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: apps
                .into_iter()
                .map(|app| (app.app_id().clone(), app))
                .collect(),
        }
    }

    fn app(&self, id: &AppId) -> Result<&AppClient, WechatApiError> {
        self.apps.get(id).ok_or_else(|| NoSecret(id.clone()).into())
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
        let asked = self.app(app)?.phone_number(code, open_id);
        asked.await.map_err(WechatApiError::from)
    }

    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        let asked = self.app(app)?.check_session(open_id, session_key);
        asked.await.map_err(WechatApiError::from)
    }
}
