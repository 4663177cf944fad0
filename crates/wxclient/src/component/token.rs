//! 获取第三方平台令牌 (getComponentAccessToken).

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use super::{Component, TicketSource};
use crate::api::Api;
use crate::client::{Call, Repeat, WechatClient};
use crate::error::{Fault, WechatError};
use crate::token::{FetchedToken, TokenKey, TokenKind, TokenReply, TokenSource};

pub(super) struct ComponentTokens {
    client: WechatClient,
    component: Component,
    tickets: Arc<dyn TicketSource>,
}

impl ComponentTokens {
    pub(super) fn new(
        client: WechatClient,
        component: Component,
        tickets: Arc<dyn TicketSource>,
    ) -> Self {
        Self {
            client,
            component,
            tickets,
        }
    }
}

#[async_trait]
impl TokenSource for ComponentTokens {
    fn key(&self) -> TokenKey {
        TokenKey {
            owner: self.component.app_id.clone(),
            kind: TokenKind::Component,
        }
    }

    async fn fetch(&self) -> Result<FetchedToken, WechatError> {
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
        self.client.call(call, TokenReply::into_token).await
    }
}
