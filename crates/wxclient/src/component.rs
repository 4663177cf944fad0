//! Third-party platforms (第三方平台): login and tokens for apps that have authorised one.
//! <https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/login/thirdpartyCode2Session.html>
//!
//! For users of this crate: the service serves no third-party platforms.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::WechatSession;
use domain::secret::LoginCode;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::api::Api;
use crate::app::App;
use crate::client::{Call, Repeat, WechatClient};
use crate::code2session::Code2SessionReply;
use crate::error::{Fault, Result, WechatError};
use crate::token::{
    FetchedToken, SharedTokens, TokenClient, TokenKey, TokenKind, TokenReply, TokenSource,
};

/// A third-party platform: its `component_appid` and `component_appsecret`.
pub type Component = App;

/// Where the `component_verify_ticket` is kept that WeChat pushes every ten minutes. It is good
/// for twelve hours.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// The newest ticket, if one has come.
    async fn ticket(&self) -> Option<SecretString>;
}

/// A client for one third-party platform. Cheap to clone; the clones share the token.
#[derive(Clone, Debug)]
pub struct ComponentClient {
    client: Arc<TokenClient>,
    app_id: AppId,
}

impl ComponentClient {
    pub fn new(client: WechatClient, component: Component, tickets: Arc<dyn TicketSource>) -> Self {
        let app_id = component.app_id.clone();
        let source = Arc::new(ComponentTokens {
            client: client.clone(),
            component,
            tickets,
        });
        let client = Arc::new(TokenClient::new(client, source));
        Self { client, app_id }
    }

    /// Keeps the token for all replicas.
    #[must_use]
    pub fn sharing(mut self, shared: SharedTokens) -> Self {
        self.client = Arc::new(self.client.sharing(shared));
        self
    }

    /// Exchanges `code`, which a user of `app` got from `wx.login`, without the app's secret. The
    /// rules are those of [`WechatClient::code2session`].
    ///
    /// # Errors
    /// [`WechatError`]; 61003 if the app has not authorised the platform.
    pub async fn code2session(&self, app: &AppId, code: &LoginCode) -> Result<WechatSession> {
        let call = Call::get(Api::ComponentCode2Session, Repeat::IfCertainlyNotTaken).query(&[
            ("appid", app.as_str()),
            ("js_code", code.expose()),
            ("grant_type", "authorization_code"),
            ("component_appid", self.app_id.as_str()),
        ]);
        let session = self.client.call(call, Code2SessionReply::into_session);
        session.await
    }
}

/// 获取第三方平台令牌 (getComponentAccessToken).
struct ComponentTokens {
    client: WechatClient,
    component: Component,
    tickets: Arc<dyn TicketSource>,
}

#[async_trait]
impl TokenSource for ComponentTokens {
    fn key(&self) -> TokenKey {
        TokenKey {
            owner: self.component.app_id.clone(),
            kind: TokenKind::Component,
        }
    }

    async fn fetch(&self) -> Result<FetchedToken> {
        let ticket = self.tickets.ticket().await.ok_or_else(|| {
            let fault = Fault::NotMade("no component_verify_ticket has come from WeChat yet");
            WechatError::new(Api::ComponentToken, fault)
        })?;
        let Component { app_id, secret } = &self.component;
        let call = Call::post(Api::ComponentToken, Repeat::Freely).body(&[
            ("component_appid", app_id.as_str().into()),
            ("component_appsecret", secret.current().text.into()),
            ("component_verify_ticket", ticket.expose_secret().into()),
        ]);
        let deadline = self.client.deadline();
        let token = self.client.call(call, deadline, TokenReply::into_token);
        token.await
    }
}

/// The tokens of an app that has authorised the platform, in place of the app's own, for
/// [`AppClient::with_tokens`](crate::AppClient::with_tokens): 获取授权账号调用令牌
/// (getAuthorizerAccessToken).
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
        let token = self.refresh_token();
        let call = Call::post(Api::AuthorizerToken, Repeat::Freely).body(&[
            ("component_appid", self.component.app_id.as_str().into()),
            ("authorizer_appid", self.app_id.as_str().into()),
            ("authorizer_refresh_token", token.expose_secret().into()),
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
    authorizer_refresh_token: Option<String>,
}
