//! The adapter of the domain's port [`CodeExchanger`].

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{CodeExchanger, ExchangeError, WechatSession};
use domain::secret::LoginCode;

use crate::app::App;
use crate::catalogue::Answer;
use crate::client::WechatClient;
use crate::error::WechatError;

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
    ) -> Result<WechatSession, ExchangeError> {
        let app = self
            .apps
            .get(app)
            .ok_or_else(|| ExchangeError::Misconfigured(Box::new(NoSecret(app.clone()))))?;
        self.client
            .code2session(app, code)
            .await
            .map_err(exchange_error)
    }
}

/// What the catalogue's answer means for a login.
fn exchange_error(error: WechatError) -> ExchangeError {
    let retry_after = error.retry_after().unwrap_or(Duration::from_secs(5));
    let answer = error.answer();
    let cause = Box::new(error);
    match answer {
        Answer::CodeInvalid => ExchangeError::CodeInvalid(cause),
        Answer::UserBlocked => ExchangeError::UserBlocked(cause),
        Answer::RateLimited => ExchangeError::RateLimited { retry_after, cause },
        Answer::Misconfigured => ExchangeError::Misconfigured(cause),
        Answer::Unavailable => ExchangeError::Unavailable { retry_after, cause },
        Answer::Timeout => ExchangeError::Timeout(cause),
        // What the documents do not know as an answer to a login code.
        Answer::BadAnswer
        | Answer::Ok
        | Answer::InvalidRequest
        | Answer::OpenDataInvalid
        | Answer::PhoneCodeInvalid
        | Answer::SessionKeyStale
        | Answer::PayloadTooLarge => ExchangeError::BadAnswer(cause),
    }
}

/// An app without an AppSecret.
#[derive(Debug, thiserror::Error)]
#[error("no AppSecret is known for app {0}; add the app to the settings")]
pub(crate) struct NoSecret(pub(crate) AppId);
