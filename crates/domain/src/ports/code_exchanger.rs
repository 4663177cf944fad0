//! Port: exchanges a login code for the user's identity at WeChat.

use async_trait::async_trait;

use super::WechatApiError;
use crate::id::{AppId, OpenId, UnionId};
use crate::secret::{LoginCode, SessionKey};

/// Exchanges the code of `wx.login` at WeChat (小程序登录, code2Session).
///
/// An adapter MUST send a code to WeChat again only if WeChat certainly did not consume it; a
/// code whose answer was lost is lost. It MUST bound the time it takes, and MUST NOT let a code,
/// a session_key or an AppSecret into an error.
#[async_trait]
pub trait CodeExchanger: Send + Sync {
    /// Exchanges `code`, which a user of `app` sent.
    async fn exchange(
        &self,
        app: &AppId,
        code: &LoginCode,
    ) -> Result<WechatSession, WechatApiError>;
}

/// WeChat's answer to a good code.
#[derive(Clone, Debug)]
pub struct WechatSession {
    /// The user in this app. Never empty.
    pub open_id: OpenId,
    /// The user across the apps of an Open Platform account; only if the app is bound to one.
    pub union_id: Option<UnionId>,
    pub session_key: SessionKey,
}
