//! Port: what WeChat tells about a user who is logged in.

use async_trait::async_trait;

use super::Cause;
use crate::id::{AppId, OpenId};
use crate::open_data::PhoneGrant;
use crate::secret::{PhoneCode, SessionKey};
use crate::time::Duration;

/// The calls to WeChat that need the app's access_token. A login needs none of them.
#[async_trait]
pub trait WechatUserApi: Send + Sync {
    /// The phone number that the user agreed to give (手机号快速验证, getPhoneNumber). The openid
    /// goes along, so that WeChat refuses another person's code.
    ///
    /// # Errors
    /// [`WechatApiError`]; [`WechatApiError::CodeInvalid`] if WeChat refuses the code, or it is
    /// another person's or another app's.
    async fn phone_number(
        &self,
        app: &AppId,
        open_id: &OpenId,
        code: &PhoneCode,
    ) -> Result<PhoneGrant, WechatApiError>;

    /// Whether this is the user's current session_key (检验登录态, checkSessionKey).
    ///
    /// # Errors
    /// [`WechatApiError`].
    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError>;
}

/// Why WeChat did not tell.
#[derive(Debug, thiserror::Error)]
pub enum WechatApiError {
    /// The code is wrong, expired, spent, or another person's.
    #[error("WeChat refused the code")]
    CodeInvalid(#[source] Cause),
    /// WeChat blocks this user.
    #[error("WeChat blocks this user")]
    UserBlocked(#[source] Cause),
    /// Too many calls: again after a while.
    #[error("WeChat limits the rate of calls")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
        /// What WeChat said.
        #[source]
        cause: Cause,
    },
    /// The appid, the secret, the IP list or a permission is wrong: the operator must act.
    #[error("WeChat refuses this service's credentials or permissions")]
    Misconfigured(#[source] Cause),
    /// The answer is not one WeChat's documents know.
    #[error("WeChat's answer makes no sense")]
    BadAnswer(#[source] Cause),
    /// No answer in time.
    #[error("WeChat did not answer in time")]
    Timeout(#[source] Cause),
    /// WeChat is busy or away.
    #[error("WeChat is not available")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What happened.
        #[source]
        cause: Cause,
    },
}
