//! Access tokens (接口调用凭据): fetched, kept, shared between replicas, renewed ahead of expiry.
//! <https://developers.weixin.qq.com/doc/oplatform/developers/dev/AccessToken.html>

mod client;
mod fetch;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::AppId;
use domain::secret::WechatToken;

pub use client::SharedTokens;
pub(crate) use client::TokenClient;
pub(crate) use fetch::{AppTokens, TokenReply};

use crate::api::Api;
use crate::error::Result;

/// What a token is for. Its text (`wx0123456789abcdef/stable`) is the key it is stored under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey {
    /// The app, or the third-party platform.
    pub owner: AppId,
    pub kind: TokenKind,
}

domain::named_enum! {
    TokenKind {
        /// Of 获取稳定版接口调用凭据 (stable_token).
        Stable = "stable",
        /// Of 获取接口调用凭据 (token).
        Plain = "plain",
        /// Of a third-party platform itself.
        Component = "component",
        /// Of an app that has authorised a third-party platform.
        Authorizer = "authorizer",
    }
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.kind)
    }
}

impl TokenKind {
    pub(crate) const fn api(self) -> Api {
        match self {
            Self::Stable => Api::StableToken,
            Self::Plain => Api::Token,
            Self::Component => Api::ComponentToken,
            Self::Authorizer => Api::AuthorizerToken,
        }
    }

    /// The query parameter in which an API takes them.
    const fn parameter(self) -> &'static str {
        match self {
            Self::Component => "component_access_token",
            _ => "access_token",
        }
    }

    /// How long before its expiry a token is renewed: five minutes, in which WeChat hands out the
    /// next one and both work; of a platform after an hour and fifty minutes, as WeChat advises.
    const fn renewed_ahead(self) -> Duration {
        match self {
            Self::Component => Duration::from_mins(10),
            _ => Duration::from_mins(5),
        }
    }
}

#[derive(Clone, Debug)]
pub struct FetchedToken {
    /// The token: opaque, up to 512 characters.
    pub token: WechatToken,
    /// How long it works from now: up to two hours.
    pub expires_in: Duration,
}

#[async_trait]
pub trait TokenSource: Send + Sync {
    fn key(&self) -> TokenKey;

    /// Fetches the current token, or a new one.
    async fn fetch(&self) -> Result<FetchedToken>;
}
