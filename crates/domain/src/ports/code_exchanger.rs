//! Port: a login code for WeChat's word on who the user is.

use async_trait::async_trait;

use super::Cause;
use crate::id::{AppId, OpenId, UnionId};
use crate::secret::{LoginCode, SessionKey};
use crate::time::Duration;

/// Exchanges the code of `wx.login` at WeChat (小程序登录, code2Session).
///
/// An adapter MUST send a code to WeChat again only if WeChat certainly did not consume it; a
/// code whose answer was lost is lost. It MUST bound the time it takes, and MUST NOT let a code,
/// a session_key or an AppSecret into an error.
#[async_trait]
pub trait CodeExchanger: Send + Sync {
    /// Exchanges `code`, which a user of `app` sent.
    ///
    /// # Errors
    /// [`ExchangeError`], by what can be done about it.
    async fn exchange(&self, app: &AppId, code: &LoginCode)
    -> Result<WechatSession, ExchangeError>;
}

/// WeChat's answer to a good code.
#[derive(Clone, Debug)]
pub struct WechatSession {
    /// The user in this app. Never empty.
    pub open_id: OpenId,
    /// The user across the apps of an Open Platform account; only if the app is bound to one.
    pub union_id: Option<UnionId>,
    /// The key of the user's open data.
    pub session_key: SessionKey,
}

/// Why a code was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The code is wrong, expired, spent or of another app: the client calls `wx.login` again.
    #[error("WeChat refused the login code")]
    CodeInvalid(#[source] Cause),
    /// WeChat blocks this user (high risk, frozen or closed account).
    #[error("WeChat blocks this user")]
    UserBlocked(#[source] Cause),
    /// Too many calls for this user or app: again after a while.
    #[error("WeChat limits the rate of calls")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
        /// What WeChat said.
        #[source]
        cause: Cause,
    },
    /// The appid, the secret or the IP list is wrong: the operator must act.
    #[error("WeChat refuses this service's credentials")]
    Misconfigured(#[source] Cause),
    /// The answer is not one WeChat's documents know. The code may be spent.
    #[error("WeChat's answer makes no sense")]
    BadAnswer(#[source] Cause),
    /// No answer in time. The code may be spent.
    #[error("WeChat did not answer in time")]
    Timeout(#[source] Cause),
    /// WeChat is busy, away, or was not asked because it has been away. The code is not spent.
    #[error("WeChat is not available")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What happened.
        #[source]
        cause: Cause,
    },
}

impl ExchangeError {
    /// Whether the code may have been consumed, so that sending it again is pointless.
    #[must_use]
    pub const fn spends_code(&self) -> bool {
        match self {
            Self::CodeInvalid(_) | Self::UserBlocked(_) | Self::BadAnswer(_) | Self::Timeout(_) => {
                true
            }
            Self::RateLimited { .. } | Self::Misconfigured(_) | Self::Unavailable { .. } => false,
        }
    }
}
