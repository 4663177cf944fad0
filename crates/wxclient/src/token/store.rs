//! Port: where replicas share their tokens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{TokenKey, WechatToken};

/// Keeps the newest token of each key, for all replicas.
///
/// An adapter MUST keep tokens sealed, if it keeps them outside of memory, and MUST NOT let one
/// into an error. It measures lifetimes with one clock (its own), so that replicas with different
/// clocks agree. The last token saved wins.
///
/// A store that fails only costs more calls of WeChat's token API: the client goes on without it.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The newest token of `key`, with the time it has left; `None` if there is none or it has
    /// expired.
    ///
    /// # Errors
    /// [`TokenStoreError`] if the store cannot be asked.
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, TokenStoreError>;

    /// Keeps `token`, which works for `token.left` from now, in place of any earlier one.
    ///
    /// # Errors
    /// [`TokenStoreError`] if it is not kept.
    async fn save(&self, key: &TokenKey, token: &StoredToken) -> Result<(), TokenStoreError>;
}

/// A token in a store.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The token.
    pub token: WechatToken,
    /// How long it still works.
    pub left: Duration,
}

/// The store did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the store of WeChat's access tokens is not available")]
pub struct TokenStoreError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A store in this process: enough for one replica.
#[derive(Debug, Default)]
pub struct InMemoryTokenStore {
    tokens: Mutex<HashMap<TokenKey, (WechatToken, Instant)>>,
}

#[async_trait]
impl TokenStore for InMemoryTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, TokenStoreError> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tokens.get(key).and_then(|(token, expires)| {
            let left = expires.saturating_duration_since(Instant::now());
            (!left.is_zero()).then(|| StoredToken {
                token: token.clone(),
                left,
            })
        }))
    }

    async fn save(&self, key: &TokenKey, token: &StoredToken) -> Result<(), TokenStoreError> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let expires = Instant::now() + token.left;
        tokens.insert(key.clone(), (token.token.clone(), expires));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::id::AppId;

    use super::super::TokenKind;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_expired_token_is_not_in_the_store() {
        let store = InMemoryTokenStore::default();
        let key = TokenKey {
            owner: AppId::new("wx01"),
            kind: TokenKind::Stable,
        };
        let stored = StoredToken {
            token: WechatToken::new("T1"),
            left: Duration::from_secs(10),
        };
        store.save(&key, &stored).await.unwrap();
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(store.load(&key).await.unwrap().is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(store.load(&key).await.unwrap().is_none());
    }
}
