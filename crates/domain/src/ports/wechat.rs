//! Ports: WeChat's server API, and where replicas share its access_tokens.

use async_trait::async_trait;

use super::{Cause, StoreResult};
use crate::id::{AppId, OpenId, UnionId};
use crate::open_data::PhoneGrant;
use crate::secret::{LoginCode, PhoneCode, SessionKey, WechatToken};
use crate::time::{Duration, Timestamp};

/// Exchanges the code of `wx.login` at WeChat (小程序登录, code2Session).
///
/// An adapter MUST send a code to WeChat again only if WeChat certainly did not consume it; a
/// code whose answer was lost is lost. It MUST bound the time it takes, and MUST NOT let a code,
/// a session_key or an AppSecret into an error.
#[async_trait]
pub trait CodeExchanger: Send + Sync {
    /// Exchanges `code`, which a user of `app` sent.
    async fn exchange(&self, app: &AppId, code: &LoginCode) -> WechatResult<WechatSession>;
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

/// The calls to WeChat that need the app's access_token. A login needs none of them.
#[async_trait]
pub trait WechatUserApi: Send + Sync {
    /// The phone number that the user agreed to give (手机号快速验证, getPhoneNumber). The openid
    /// goes along, so that WeChat refuses another person's code.
    ///
    /// # Errors
    /// [`WechatApiError`]; [`WechatFailure::PhoneCodeInvalid`](super::WechatFailure) if WeChat refuses the code, or it is
    /// another person's or another app's.
    async fn phone_number(
        &self,
        app: &AppId,
        open_id: &OpenId,
        code: &PhoneCode,
    ) -> WechatResult<PhoneGrant>;

    /// Whether this is the user's current session_key (检验登录态, checkSessionKey).
    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        key: &SessionKey,
    ) -> WechatResult<bool>;
}

/// Knows each app's access_token (接口调用凭据), so that one place fetches it.
#[async_trait]
pub trait WechatTokenSource: Send + Sync {
    /// The app's current token, and how long WeChat still takes it.
    async fn current(&self, app: &AppId) -> WechatResult<(WechatToken, Duration)>;

    /// The token that is good now, after another service saw WeChat refuse `refused`. WeChat is
    /// asked anew only if `refused` is still the stored token, and because of such reports at most
    /// once in ten seconds and app; else the stored token is the answer.
    async fn instead_of(
        &self,
        app: &AppId,
        refused: &WechatToken,
    ) -> WechatResult<(WechatToken, Duration)>;
}

/// Keeps the newest access_token of each app, sealed, so that one replica fetches it for all.
#[async_trait]
pub trait WechatTokenRepository: Send + Sync {
    /// The token kept under `key` (the app, and which of WeChat's kinds of token). One that has
    /// expired is still found.
    async fn load(&self, key: &str) -> StoreResult<Option<StoredWechatToken>>;

    /// Keeps `token` in place of an earlier one.
    async fn save(&self, key: &str, token: &StoredWechatToken) -> StoreResult<()>;
}

#[derive(Clone, Debug)]
pub struct StoredWechatToken {
    pub token: WechatToken,
    /// When WeChat stops taking it.
    pub expires_at: Timestamp,
}

pub type WechatResult<T> = Result<T, WechatApiError>;

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
