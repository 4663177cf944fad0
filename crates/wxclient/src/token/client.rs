//! Calls with an access_token: refused tokens are replaced, once.

use std::fmt;

use domain::secret::WechatToken;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::TokenClient;
use crate::catalogue::Retry;
use crate::client::Call;
use crate::error::{Fault, WechatError};

impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenClient")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl TokenClient {
    pub(crate) fn deadline(&self) -> Instant {
        self.client.deadline()
    }

    /// Makes `call` with the token. If WeChat refuses the token, it is made once more with another
    /// one, and never a third time.
    pub(crate) async fn call<W: DeserializeOwned, T>(
        &self,
        call: Call,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T, WechatError> {
        let deadline = self.deadline();
        let with = |token: &WechatToken| {
            let call = call.clone();
            call.token(self.key.kind.parameter(), token.expose())
        };
        let token = self.token(deadline).await?.token;
        let result = self.client.call_until(with(&token), deadline, &understand);
        match result.await {
            Err(error) if error.verdict().retry == Retry::WithNewToken => {
                tracing::debug!(%error, "asking WeChat again with another access_token");
                let token = self.instead_of(Some(&token), deadline).await?.token;
                let again = self.client.call_until(with(&token), deadline, &understand);
                again.await
            }
            result => result,
        }
    }
}
