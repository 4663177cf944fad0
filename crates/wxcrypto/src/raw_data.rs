//! Checking `rawData`.
//!
//! Source: "Signature verification and encryption/decryption of open data"
//! (开放数据校验与解密, <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).

use domain::open_data::SignedRawData;
use domain::ports::OpenDataError;
use domain::secret::SessionKey;

use crate::digest::Signature;
use crate::json::Object;
use crate::mend;
use crate::payload::UserInfo;

/// Checks that `data` was signed with `session_key` and reads the profile in it.
///
/// WeChat signs rawData followed by the session_key (as the base64 text it is), with SHA-1.
/// rawData carries no watermark and no openid: the signature alone ties it to the user, and
/// nothing ties it to a time. What is signed and no profile gives an empty one.
///
/// The signature is over the bytes as they came; then they are [mended](mend::json). If they are
/// not UTF-8, a signature over the text that most phones make of them, with U+FFFD, holds too.
///
/// # Errors
/// [`OpenDataError::BadSignature`], or [`OpenDataError::Malformed`] if it is signed and yet not a
/// JSON object.
pub fn verify_raw_data(
    data: &SignedRawData,
    session_key: &SessionKey,
) -> Result<UserInfo, OpenDataError> {
    let holds_over = |bytes: &[u8]| {
        Signature::over([bytes, session_key.expose().as_bytes()]).is(&data.signature)
    };
    let holds = holds_over(&data.raw_data)
        || std::str::from_utf8(&data.raw_data).is_err()
            && holds_over(mend::utf8(&data.raw_data).as_bytes());
    if !holds {
        return Err(OpenDataError::BadSignature);
    }
    let json = mend::json(&data.raw_data);
    if Object::read(&json).is_none() {
        return Err(OpenDataError::Malformed);
    }
    Ok(serde_json::from_str(&json).unwrap_or_default())
}
