//! Calls with an access_token: refused tokens are replaced, once.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{FetchedToken, TokenCache, TokenSource, TokenStore};
use crate::catalogue::Retry;
use crate::client::{Call, WechatClient};
use crate::error::{Fault, WechatError};

/// A client and the token it calls with. The clones share the token.
#[derive(Clone)]
pub(crate) struct TokenClient {
    client: WechatClient,
    tokens: Arc<TokenCache>,
}

impl TokenClient {
    pub(crate) fn new(
        client: WechatClient,
        source: Arc<dyn TokenSource>,
        store: Arc<dyn TokenStore>,
    ) -> Self {
        let tokens = Arc::new(TokenCache::new(source, store));
        Self { client, tokens }
    }

    pub(crate) async fn token(&self) -> Result<FetchedToken, WechatError> {
        self.tokens.token(self.client.deadline()).await
    }

    /// Makes the call that `with_token` describes. If WeChat refuses the token, it is made once
    /// more with another one, and never a third time.
    pub(crate) async fn call<W, T>(
        &self,
        with_token: impl Fn(&str) -> Call,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T, WechatError>
    where
        W: DeserializeOwned,
    {
        let deadline = self.client.deadline();
        let token = self.tokens.token(deadline).await?.token;
        let call = with_token(token.expose());
        match self.client.call_until(call, deadline, &understand).await {
            Err(error) if error.verdict().retry == Retry::WithNewToken => {
                tracing::debug!(%error, "asking WeChat again with another access_token");
                let token = self.tokens.instead_of(&token, deadline).await?.token;
                let call = with_token(token.expose());
                self.client.call_until(call, deadline, &understand).await
            }
            result => result,
        }
    }
}
