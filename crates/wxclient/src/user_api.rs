//! The adapter of the domain's port [`WechatUserApi`].

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};

use crate::app_client::AppClient;
use crate::catalogue::Answer;
use crate::error::WechatError;
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
        self.apps
            .get(id)
            .ok_or_else(|| WechatApiError::Misconfigured(Box::new(NoSecret(id.clone()))))
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
        asked.await.map_err(api_error)
    }

    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        let asked = self.app(app)?.check_session(open_id, session_key);
        asked.await.map_err(api_error)
    }
}

/// What the catalogue's answer means for such a call.
pub(crate) fn api_error(error: WechatError) -> WechatApiError {
    let retry_after = error.retry_after().unwrap_or(Duration::from_secs(5));
    let answer = error.answer();
    let cause = Box::new(error);
    match answer {
        Answer::PhoneCodeInvalid | Answer::CodeInvalid => WechatApiError::CodeInvalid(cause),
        Answer::UserBlocked => WechatApiError::UserBlocked(cause),
        Answer::RateLimited => WechatApiError::RateLimited { retry_after, cause },
        Answer::Misconfigured => WechatApiError::Misconfigured(cause),
        Answer::Unavailable => WechatApiError::Unavailable { retry_after, cause },
        Answer::Timeout => WechatApiError::Timeout(cause),
        // What the documents do not know as an answer to such a call.
        Answer::BadAnswer
        | Answer::Ok
        | Answer::InvalidRequest
        | Answer::OpenDataInvalid
        | Answer::SessionKeyStale
        | Answer::PayloadTooLarge => WechatApiError::BadAnswer(cause),
    }
}
