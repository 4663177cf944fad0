//! 获取用户 encryptKey (getUserEncryptKey): keys for the app's own encryption between phone and
//! server.
//! <https://developers.weixin.qq.com/minigame/dev/guide/open-ability/user-encryptkey.html>
//!
//! For users of this crate: the service does not make this call.

use std::time::Duration;

use domain::id::OpenId;
use domain::secret::SessionKey;
use domain::time::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::AppClient;
use super::session::{session_signature, signed};
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, Result};
use crate::json::lenient_number;

impl AppClient {
    /// The user's last three keys, of which the phone knows the newest by its version.
    ///
    /// # Errors
    /// [`WechatError`](crate::WechatError); [`WechatFailure::SessionKeyStale`](crate::catalogue::WechatFailure::SessionKeyStale) if
    /// `session_key` is not the current one.
    pub async fn user_encrypt_keys(
        &self,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<Vec<UserEncryptKey>> {
        // The API's page says GET, its guide and the published clients POST.
        let call = Call::post(Api::GetUserEncryptKey, Repeat::Freely)
            .query(&signed(open_id, &session_signature(session_key, b"")))
            .secured(self.security.as_ref());
        let understand = |reply: KeysReply| {
            let keys = reply.key_info_list.into_iter();
            keys.map(KeyInfo::into_key).collect()
        };
        self.client.call(call, understand).await
    }
}

/// One of a user's keys (`wx.getUserCryptoManager().getLatestUserKey` gives it to the phone).
#[derive(Clone, Debug)]
pub struct UserEncryptKey {
    /// 16 bytes in base64.
    pub encrypt_key: SecretString,
    /// 16 characters.
    pub iv: SecretString,
    pub version: i64,
    /// How long the key is still good; a key lives an hour.
    pub expires_in: Duration,
    pub created_at: Timestamp,
}

#[derive(Deserialize)]
struct KeysReply {
    key_info_list: Vec<KeyInfo>,
}

#[derive(Deserialize)]
struct KeyInfo {
    encrypt_key: String,
    iv: String,
    #[serde(deserialize_with = "lenient_number")]
    version: i64,
    #[serde(deserialize_with = "lenient_number")]
    expire_in: i64,
    #[serde(deserialize_with = "lenient_number")]
    create_time: i64,
}

impl KeyInfo {
    fn into_key(self) -> Result<UserEncryptKey, Fault> {
        Ok(UserEncryptKey {
            encrypt_key: self.encrypt_key.into(),
            iv: self.iv.into(),
            version: self.version,
            expires_in: Duration::from_secs(u64::try_from(self.expire_in).unwrap_or_default()),
            created_at: Timestamp::from_second(self.create_time)
                .map_err(|_| Fault::Malformed("no usable create_time"))?,
        })
    }
}
