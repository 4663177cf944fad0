//! Port: what WeChat tells about a user who is logged in.

use async_trait::async_trait;

use super::WechatApiError;
use crate::id::{AppId, OpenId};
use crate::open_data::PhoneGrant;
use crate::secret::{PhoneCode, SessionKey};

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
    ) -> Result<PhoneGrant, WechatApiError>;

    /// Whether this is the user's current session_key (检验登录态, checkSessionKey).
    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError>;
}
