//! The adapters of the domain's ports [`CodeExchanger`], [`WechatUserApi`] and [`WechatTokenSource`], and
//! what an error of this crate is to the domain.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{
    CodeExchanger, WechatApiError, WechatFailure, WechatResult, WechatSession, WechatTokenSource,
    WechatUserApi,
};
use domain::secret::{LoginCode, PhoneCode, SessionKey, WechatToken};

use crate::api::Api;
use crate::app::App;
use crate::app_client::AppClient;
use crate::catalogue::Retry;
use crate::client::WechatClient;
use crate::error::WechatError;

/// Exchanges login codes at WeChat over HTTP, for the apps it was given.
#[derive(Debug)]
pub struct HttpCodeExchanger {
    client: WechatClient,
    apps: Apps<App>,
}

impl HttpCodeExchanger {
    pub fn new(client: WechatClient, apps: impl IntoIterator<Item = App>) -> Self {
        Self {
            client,
            apps: Apps::new(apps, |app| &app.app_id),
        }
    }
}

#[async_trait]
impl CodeExchanger for HttpCodeExchanger {
    async fn exchange(&self, app: &AppId, code: &LoginCode) -> WechatResult<WechatSession> {
        Ok(self.client.code2session(self.apps.get(app)?, code).await?)
    }
}

/// Asks WeChat over HTTP about users, and gives the access_tokens, of the apps it was given. Clones of
/// an [`AppClient`] share one token, so it gives the token the service itself works with.
#[derive(Debug)]
pub struct HttpWechatApi {
    apps: Apps<AppClient>,
}

impl HttpWechatApi {
    pub fn new(apps: impl IntoIterator<Item = AppClient>) -> Self {
        Self {
            apps: Apps::new(apps, AppClient::app_id),
        }
    }

    /// The client of an app, if it has one.
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
    ) -> WechatResult<PhoneGrant> {
        Ok(self.apps.get(app)?.phone_number(code, open_id).await?)
    }

    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        key: &SessionKey,
    ) -> WechatResult<bool> {
        let app = self.apps.get(app)?;
        Ok(app.check_session(open_id, key).await?)
    }
}

#[async_trait]
impl WechatTokenSource for HttpWechatApi {
    async fn current(&self, app: &AppId) -> WechatResult<(WechatToken, Duration)> {
        let fetched = self.apps.get(app)?.access_token().await?;
        Ok((fetched.token, fetched.expires_in))
    }

    async fn instead_of(
        &self,
        app: &AppId,
        refused: &WechatToken,
    ) -> WechatResult<(WechatToken, Duration)> {
        let fetched = self.apps.get(app)?.access_token_instead_of(refused).await?;
        Ok((fetched.token, fetched.expires_in))
    }
}

#[derive(Debug)]
struct Apps<T>(HashMap<AppId, T>);

impl<T> Apps<T> {
    fn new(apps: impl IntoIterator<Item = T>, id: impl Fn(&T) -> &AppId) -> Self {
        let apps = apps.into_iter().map(|app| (id(&app).clone(), app));
        Self(apps.collect())
    }

    /// # Errors
    /// An app without an AppSecret.
    fn get(&self, id: &AppId) -> WechatResult<&T> {
        self.0.get(id).ok_or_else(|| WechatApiError {
            failure: WechatFailure::Misconfigured,
            spends_code: false,
            retry_after: None,
            cause: format!("no AppSecret is known for app {id}; add the app to the settings")
                .into(),
        })
    }
}

impl From<WechatError> for WechatApiError {
    fn from(error: WechatError) -> Self {
        let failure = to_the_service(error.failure(), error.api);
        let retry_after = match failure {
            WechatFailure::RateLimited | WechatFailure::Unavailable => {
                error.retry_after().or(Retry::WithPauses.after())
            }
            _ => None,
        };
        Self {
            failure,
            spends_code: error.verdict().spends_code(),
            retry_after,
            cause: Box::new(error),
        }
    }
}

/// What a failure at one of the service's own calls means. It makes them with values of its own, but
/// for the codes, so that a refusal of anything else is not the front end's to mend.
fn to_the_service(failure: WechatFailure, api: Api) -> WechatFailure {
    use WechatFailure as F;
    match failure {
        F::CodeInvalid | F::CodeUsed if api == Api::Code2Session => failure,
        F::CodeInvalid | F::CodeUsed | F::PhoneCodeInvalid if api == Api::GetPhoneNumber => {
            F::PhoneCodeInvalid
        }
        F::CodeInvalid
        | F::CodeUsed
        | F::PhoneCodeInvalid
        | F::InvalidRequest
        | F::OpenDataInvalid
        | F::SessionKeyStale
        | F::TooLong => F::BadAnswer,
        _ => failure,
    }
}
