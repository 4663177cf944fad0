//! 获取授权账号调用令牌 (getAuthorizerAccessToken): tokens of an app that has authorised the
//! platform. They take the place of the app's own. For users of this crate, as is all of
//! [`component`](super).

use async_trait::async_trait;
use domain::id::AppId;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::ComponentClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::Result;
use crate::token::{FetchedToken, TokenKey, TokenKind, TokenReply, TokenSource};

/// The tokens of one app, for [`AppClient::with_tokens`](crate::AppClient::with_tokens).
pub struct AuthorizerTokens {
    component: ComponentClient,
    app_id: AppId,
    refresh_token: Mutex<SecretString>,
}

impl AuthorizerTokens {
    /// The tokens of `app_id`, by the `authorizer_refresh_token` that its authorisation gave.
    pub fn new(component: ComponentClient, app_id: AppId, refresh_token: SecretString) -> Self {
        Self {
            component,
            app_id,
            refresh_token: Mutex::new(refresh_token),
        }
    }

    /// The newest `authorizer_refresh_token`, to be kept: WeChat may replace it with any token.
    pub fn refresh_token(&self) -> SecretString {
        self.refresh_token.lock().clone()
    }
}

#[async_trait]
impl TokenSource for AuthorizerTokens {
    fn key(&self) -> TokenKey {
        TokenKey {
            owner: self.app_id.clone(),
            kind: TokenKind::Authorizer,
        }
    }

    async fn fetch(&self) -> Result<FetchedToken> {
        let call = Call::post(Api::AuthorizerToken, Repeat::Freely).body(&[
            ("component_appid", self.component.app_id.as_str().into()),
            ("authorizer_appid", self.app_id.as_str().into()),
            (
                "authorizer_refresh_token",
                self.refresh_token().expose_secret().into(),
            ),
        ]);
        let understand = |reply: AuthorizerReply| {
            let token = reply.token.into_token()?;
            let newer = reply.authorizer_refresh_token;
            if let Some(newer) = newer.filter(|newer| !newer.is_empty()) {
                *self.refresh_token.lock() = newer.into();
            }
            Ok(token)
        };
        self.component.client.call(call, understand).await
    }
}

#[derive(Deserialize)]
struct AuthorizerReply {
    #[serde(flatten)]
    token: TokenReply,
    #[serde(default)]
    authorizer_refresh_token: Option<String>,
}
