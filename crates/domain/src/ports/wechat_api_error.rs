//! Why WeChat did not do what it was asked.

use super::Cause;
use crate::time::Duration;

/// Why WeChat did not do what it was asked, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub enum WechatApiError {
    /// The code that was sent is wrong, expired, or of another app or person.
    #[error("WeChat refused the code")]
    CodeInvalid(#[source] Cause),
    /// The code that was sent has been exchanged before.
    #[error("WeChat has exchanged the code before")]
    CodeUsed(#[source] Cause),
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
    /// The appid, the secret, the IP list or a permission is wrong: the operator must act.
    #[error("WeChat refuses this service's credentials or permissions")]
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

impl WechatApiError {
    /// Whether the code may have been consumed, so that sending it again is pointless.
    #[must_use]
    pub const fn spends_code(&self) -> bool {
        match self {
            Self::CodeInvalid(_)
            | Self::CodeUsed(_)
            | Self::UserBlocked(_)
            | Self::BadAnswer(_)
            | Self::Timeout(_) => true,
            Self::RateLimited { .. } | Self::Misconfigured(_) | Self::Unavailable { .. } => false,
        }
    }
}
