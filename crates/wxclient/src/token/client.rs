//! Calls with an access_token: refused tokens are replaced, once.

use std::sync::Arc;

use domain::ports::{Clock, WechatTokenRepository};
use domain::secret::WechatToken;
use serde::de::DeserializeOwned;

use super::{FetchedToken, SharedTokens, TokenCache, TokenSource};
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
    pub(crate) fn new(client: WechatClient, source: Arc<dyn TokenSource>) -> Self {
        let tokens = Arc::new(TokenCache::new(source, None));
        Self { client, tokens }
    }

    /// The same, with its token in `repository` for all replicas. `clock` says when it expires.
    pub(crate) fn sharing(
        self,
        repository: Arc<dyn WechatTokenRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let shared = SharedTokens { repository, clock };
        let tokens = Arc::new(self.tokens.sharing(shared));
        Self { tokens, ..self }
    }

    pub(crate) async fn token(&self) -> Result<FetchedToken, WechatError> {
        self.tokens.token(self.client.deadline()).await
    }

    /// See [`AppClient::access_token_instead_of`](crate::AppClient::access_token_instead_of).
    pub(crate) async fn reported(
        &self,
        refused: &WechatToken,
    ) -> Result<FetchedToken, WechatError> {
        self.tokens.reported(refused, self.client.deadline()).await
    }

    /// Makes `call` with the token. If WeChat refuses the token, it is made once more with another
    /// one, and never a third time.
    pub(crate) async fn call<W: DeserializeOwned, T>(
        &self,
        call: Call,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T, WechatError> {
        let deadline = self.client.deadline();
        let with = |token: &WechatToken| {
            let call = call.clone();
            call.token(self.tokens.parameter(), token.expose())
        };
        let token = self.tokens.token(deadline).await?.token;
        let result = self.client.call_until(with(&token), deadline, &understand);
        match result.await {
            Err(error) if error.verdict().retry == Retry::WithNewToken => {
                tracing::debug!(%error, "asking WeChat again with another access_token");
                let token = self.tokens.instead_of(Some(&token), deadline).await?.token;
                let again = self.client.call_until(with(&token), deadline, &understand);
                again.await
            }
            result => result,
        }
    }
}
