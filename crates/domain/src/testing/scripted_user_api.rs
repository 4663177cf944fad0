//! A WeChat whose phone codes are the numbers themselves.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::trusting_opener::phone_grant;
use super::wechat_error;
use crate::id::{AppId, OpenId};
use crate::open_data::PhoneGrant;
use crate::ports::{WechatApiError, WechatFailure, WechatUserApi};
use crate::secret::{PhoneCode, SessionKey};

/// A [`WechatUserApi`] with codes such as `86 13580006666`; it refuses what has no blank in it.
#[derive(Default)]
pub struct ScriptedUserApi {
    has_new_keys: AtomicBool,
}

impl ScriptedUserApi {
    /// From now on no session_key is the current one.
    pub fn replace_keys(&self) {
        self.has_new_keys.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl WechatUserApi for ScriptedUserApi {
    async fn phone_number(
        &self,
        _: &AppId,
        _: &OpenId,
        code: &PhoneCode,
    ) -> Result<PhoneGrant, WechatApiError> {
        let grant = phone_grant(code.expose());
        grant.ok_or_else(|| wechat_error(WechatFailure::PhoneCodeInvalid, true))
    }

    async fn is_current(
        &self,
        _: &AppId,
        _: &OpenId,
        _: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        Ok(!self.has_new_keys.load(Ordering::SeqCst))
    }
}
