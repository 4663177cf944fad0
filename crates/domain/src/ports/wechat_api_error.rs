//! The errors of a call to WeChat.

use super::Cause;
use crate::time::Duration;

#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct WechatApiError {
    pub failure: WechatFailure,
    /// Whether WeChat may have consumed the code that was sent, so that it is not sent again.
    pub spends_code: bool,
    /// When to try again, if waiting helps.
    pub retry_after: Option<Duration>,
    #[source]
    pub cause: Cause,
}

/// What a failure of WeChat's means, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WechatFailure {
    /// The login code is wrong, expired, or of another app.
    #[error("WeChat refused the code")]
    CodeInvalid,
    #[error("WeChat has exchanged the code before")]
    CodeUsed,
    /// The phone code is wrong, expired, used, or of another app or person.
    #[error("WeChat refused the phone code")]
    PhoneCodeInvalid,
    /// WeChat blocks this user (high risk, frozen or closed account).
    #[error("WeChat blocks this user")]
    UserBlocked,
    /// The session_key has been replaced or has expired.
    #[error("WeChat does not take the session_key any more")]
    SessionKeyStale,
    #[error("WeChat refused what was sent")]
    InvalidRequest,
    #[error("WeChat did not make the encrypted data")]
    OpenDataInvalid,
    #[error("WeChat refused what was sent as too long")]
    TooLong,
    #[error("WeChat limits the rate of calls")]
    RateLimited,
    /// The appid, the secret, the IP list or a permission is wrong: the operator must act.
    #[error("WeChat refuses this service's credentials or permissions")]
    Misconfigured,
    #[error("WeChat's answer makes no sense")]
    BadAnswer,
    #[error("WeChat did not answer in time")]
    Timeout,
    /// WeChat is busy, away, or was not asked because it has been away.
    #[error("WeChat is not available")]
    Unavailable,
}
