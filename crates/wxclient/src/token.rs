//! Access tokens (接口调用凭据): fetched, kept, shared between replicas, renewed ahead of expiry.
//! <https://developers.weixin.qq.com/doc/oplatform/developers/dev/AccessToken.html>

mod cache;
mod client;
mod fetch;
mod store;

use std::time::Duration;

use async_trait::async_trait;
use domain::id::AppId;
use secrecy::{ExposeSecret, SecretString};

use cache::TokenCache;
pub(crate) use client::TokenClient;
pub(crate) use fetch::TokenReply;
pub use fetch::{PlainTokens, StableTokens};
pub use store::{InMemoryTokenStore, StoredToken, TokenStore, TokenStoreError};

use crate::api::Api;
use crate::error::WechatError;

/// A token that lets its holder call WeChat for an app. Opaque, up to 512 characters.
#[derive(Clone, Debug)]
pub struct WechatToken(SecretString);

impl WechatToken {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Every call is a place where the secret could get out.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// What a token is for: the key it is stored under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey {
    /// The app, or the third-party platform.
    pub owner: AppId,
    /// Tokens of different kinds live side by side.
    pub kind: TokenKind,
}

/// The kinds of tokens. [`id`](Self::id) is their lasting name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Of 获取稳定版接口调用凭据 (stable_token).
    Stable,
    /// Of 获取接口调用凭据 (token).
    Plain,
    /// Of a third-party platform itself.
    Component,
    /// Of an app that has authorised a third-party platform.
    Authorizer,
}

impl TokenKind {
    /// A short name for storage.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Plain => "plain",
            Self::Component => "component",
            Self::Authorizer => "authorizer",
        }
    }
}

/// A token as WeChat has just given it.
#[derive(Clone, Debug)]
pub struct FetchedToken {
    /// The token.
    pub token: WechatToken,
    /// How long it works from now: up to two hours.
    pub expires_in: Duration,
}

/// Where an app's tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// What the tokens are for.
    fn key(&self) -> TokenKey;

    /// The API that gives them.
    fn api(&self) -> Api;

    /// How long before its expiry a token is renewed. By default five minutes: in them WeChat
    /// hands out the next one, and both work.
    fn renewed_ahead(&self) -> Duration {
        Duration::from_mins(5)
    }

    /// Fetches the current token, or a new one.
    ///
    /// # Errors
    /// [`WechatError`] if WeChat gives none.
    async fn fetch(&self) -> Result<FetchedToken, WechatError>;
}
