//! 检验登录态 (checkSessionKey) and 重置登录态 (resetUserSessionKey).
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_checksessionkey.html>
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html>

use aws_lc_rs::hmac;
use domain::id::OpenId;
use domain::secret::SessionKey;
use serde::Deserialize;

use super::AppClient;
use crate::api::Api;
use crate::catalogue::WechatFailure;
use crate::client::{Call, Repeat};
use crate::error::{Fault, Result};
use crate::json::lenient_number;

impl AppClient {
    /// Whether `session_key` is the user's current one. (WeChat does not say whether a key that
    /// is not has been replaced or has expired.)
    pub async fn check_session(&self, open_id: &OpenId, session_key: &SessionKey) -> Result<bool> {
        let call = Call::get(Api::CheckSession, Repeat::Freely)
            .query(&signed(open_id, &session_signature(session_key, b"")));
        let checked = self.client.call(call, |_: Acknowledgement| Ok(true));
        match checked.await {
            Err(error) if error.failure() == WechatFailure::SessionKeyStale => Ok(false),
            checked => checked,
        }
    }

    /// Replaces the user's `session_key`: the old one dies at once, and the new one expires when
    /// the old one would have. Not to be called often for one user. For users of this crate: the service
    /// does not call it.
    ///
    /// # Errors
    /// [`WechatError`](crate::WechatError); [`WechatFailure::SessionKeyStale`] if it is not the current key.
    pub async fn reset_session(
        &self,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<SessionKey> {
        let call = Call::get(Api::ResetSession, Repeat::IfCertainlyNotTaken)
            .query(&signed(open_id, &session_signature(session_key, b"")));
        let understand = |reply: ResetReply| {
            if reply.openid != open_id.as_str() {
                return Err(Fault::Malformed("a session_key of another user"));
            }
            if reply.session_key.is_empty() {
                return Err(Fault::Malformed("no session_key"));
            }
            Ok(SessionKey::new(reply.session_key))
        };
        self.client.call(call, understand).await
    }
}

/// The signature of `message` by a session_key: lower-case hex of HMAC-SHA256, whose key is the
/// base64 text itself and not the 16 bytes it stands for.
pub fn session_signature(session_key: &SessionKey, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session_key.expose().as_bytes());
    hex::encode(hmac::sign(&key, message))
}

/// The parameters of a call that is signed by a user's session_key.
pub(super) fn signed<'a>(open_id: &'a OpenId, signature: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("openid", open_id.as_str()),
        ("signature", signature),
        ("sig_method", "hmac_sha256"),
    ]
}

/// An answer that is nothing but its errcode, which therefore must be there.
#[derive(Deserialize)]
struct Acknowledgement {
    #[serde(rename = "errcode", deserialize_with = "lenient_number")]
    _errcode: i64,
}

#[derive(Deserialize)]
struct ResetReply {
    openid: String,
    session_key: String,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::published(
        r#"{"foo":"bar"}"#,
        "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"
    )]
    #[case::empty("", "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128")]
    fn the_key_of_a_signature_is_the_text_of_the_session_key(
        #[case] message: &str,
        #[case] signature: &str,
    ) {
        let key = SessionKey::new("o0q0otL8aEzpcZL/FT9WsQ==");
        assert_eq!(session_signature(&key, message.as_bytes()), signature);
    }
}
