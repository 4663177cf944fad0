//! The two token APIs.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html>
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html>

use std::time::Duration;

use async_trait::async_trait;
use domain::secret::WechatToken;
use serde::Deserialize;

use super::{FetchedToken, TokenKey, TokenKind, TokenSource};
use crate::api::Api;
use crate::app::App;
use crate::client::{Call, Repeat, WechatClient};
use crate::error::{Fault, Result};
use crate::json::lenient_number;

impl WechatClient {
    /// 获取稳定版接口调用凭据: the current token of `app`, the same one for all who ask until five
    /// minutes before it expires. The ordinary tokens of other programs are not touched.
    ///
    /// # Errors
    /// [`WechatError`](crate::WechatError); a wrong secret (40001, 40125) or address (40164) is the operator's.
    pub async fn stable_token(&self, app: &App) -> Result<FetchedToken> {
        self.fetch_stable(app, false).await
    }

    /// The same, and the previous token dies **at once**: for a token that has leaked. WeChat
    /// allows it 20 times a day, 30 s apart. For users of this crate: the service does not make this call.
    pub async fn force_stable_token(&self, app: &App) -> Result<FetchedToken> {
        self.fetch_stable(app, true).await
    }

    async fn fetch_stable(&self, app: &App, force: bool) -> Result<FetchedToken> {
        // A forced refresh counts against a small quota, so it is not sent twice.
        let repeat = if force {
            Repeat::IfCertainlyNotTaken
        } else {
            Repeat::Freely
        };
        let call = |secret: &str| {
            Call::post(Api::StableToken, repeat).body(&[
                ("grant_type", "client_credential".into()),
                ("appid", app.app_id.as_str().into()),
                ("secret", secret.into()),
                ("force_refresh", force.into()),
            ])
        };
        self.call_with_secret(&app.secret, call, TokenReply::into_token)
            .await
    }

    /// 获取接口调用凭据: a new token of `app`. The previous one of this kind works for about five
    /// more minutes, also for other programs: prefer [`stable_token`](Self::stable_token).
    pub async fn plain_token(&self, app: &App) -> Result<FetchedToken> {
        let call = |secret: &str| {
            Call::get(Api::Token, Repeat::Freely).query(&[
                ("grant_type", "client_credential"),
                ("appid", app.app_id.as_str()),
                ("secret", secret),
            ])
        };
        self.call_with_secret(&app.secret, call, TokenReply::into_token)
            .await
    }
}

#[derive(Deserialize)]
pub(crate) struct TokenReply {
    #[serde(alias = "component_access_token", alias = "authorizer_access_token")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    expires_in: i64,
}

impl TokenReply {
    pub(crate) fn into_token(self) -> Result<FetchedToken, Fault> {
        let token = self.access_token.filter(|token| !token.is_empty());
        let token = token.ok_or(Fault::Malformed("no access_token"))?;
        let seconds = u64::try_from(self.expires_in).unwrap_or_default();
        if seconds == 0 {
            return Err(Fault::Malformed("no expires_in"));
        }
        Ok(FetchedToken {
            token: WechatToken::new(token),
            expires_in: Duration::from_secs(seconds),
        })
    }
}

/// An app's own tokens, stable or plain.
pub(crate) struct AppTokens {
    pub(crate) client: WechatClient,
    pub(crate) app: App,
    pub(crate) kind: TokenKind,
}

#[async_trait]
impl TokenSource for AppTokens {
    fn key(&self) -> TokenKey {
        TokenKey {
            owner: self.app.app_id.clone(),
            kind: self.kind,
        }
    }

    async fn fetch(&self) -> Result<FetchedToken> {
        match self.kind {
            TokenKind::Plain => self.client.plain_token(&self.app).await,
            _ => self.client.stable_token(&self.app).await,
        }
    }
}
