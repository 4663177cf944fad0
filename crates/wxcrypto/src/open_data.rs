//! Decrypts and checks `encryptedData`.
//!
//! Source: "Signature verification and encryption/decryption of open data"
//! (开放数据校验与解密, <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).

use std::borrow::Cow;
use std::fmt;

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::{AppId, OpenId, UnionId};
use domain::open_data::{EncryptedData, Expected, Watermark};
use domain::ports::OpenDataError;
use domain::secret::SessionKey;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json::Object;
use crate::payload::Payload;
use crate::{cipher, lenient, mend, padding};

/// AES works on blocks of 16 bytes; WeChat pads to them, and the iv is one.
const BLOCK: u8 = 16;

/// What was in `encryptedData`, after everything about it agreed with what was expected.
#[derive(Clone, PartialEq)]
pub struct OpenData {
    /// For which app and when WeChat made it.
    pub watermark: Watermark,
    /// `openId`, which only wx.getUserInfo's payload has. It is the expected one.
    pub open_id: Option<OpenId>,
    /// `unionId`, if the payload has one that is not empty.
    pub union_id: Option<UnionId>,
    /// The payload, by its kind.
    pub payload: Payload,
    /// The whole payload as WeChat wrote it, fields this crate does not know included. It is
    /// JSON in UTF-8; what was not is [mended](mend::json).
    pub json: String,
}

/// Decrypts `data` and checks what is in it: first that the watermark names the expected app,
/// then that the payload is about the expected user if it says whom it is about, then its age.
///
/// CBC has no authentication code. That the text is JSON with the app's watermark shows that it
/// was encrypted with this user's session_key, which phones never see; it does not show that
/// no bit was changed since. A user can at most alter data of their own.
///
/// # Errors
/// - [`OpenDataError::Malformed`]: not base64 (standard alphabet, padded), an iv that is not 16
///   bytes, a ciphertext that is empty or not a multiple of 16 bytes, or a payload that is not a
///   JSON object with a watermark.
/// - [`OpenDataError::NotOpened`]: this session_key does not decrypt it to JSON. Characters in
///   strings that JSON does not allow are [mended](mend::json), not refused.
/// - [`OpenDataError::OtherApp`], [`OpenDataError::OtherUser`], [`OpenDataError::TooOld`].
pub fn open(data: &EncryptedData, expected: &Expected<'_>) -> Result<OpenData, OpenDataError> {
    let json = Sealed::read(data)?.decrypt(expected.session_key)?;
    let open_data = OpenData::read(json).ok_or(OpenDataError::Malformed)?;
    if open_data.watermark.app_id != *expected.app_id {
        return Err(OpenDataError::OtherApp);
    }
    if open_data
        .open_id
        .as_ref()
        .is_some_and(|open_id| open_id != expected.open_id)
    {
        return Err(OpenDataError::OtherUser);
    }
    if expected
        .not_before
        .is_some_and(|limit| is_before(open_data.watermark.timestamp, limit))
    {
        return Err(OpenDataError::TooOld);
    }
    Ok(open_data)
}

/// A ciphertext and its iv, of lengths that AES can work on.
struct Sealed {
    ciphertext: Zeroizing<Vec<u8>>,
    iv: Vec<u8>,
}

impl Sealed {
    fn read(data: &EncryptedData) -> Result<Self, OpenDataError> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| OpenDataError::Malformed);
        let iv = decode(&data.iv)?;
        let ciphertext = Zeroizing::new(decode(&data.encrypted_data)?);
        let block = usize::from(BLOCK);
        if iv.len() != block || ciphertext.is_empty() || !ciphertext.len().is_multiple_of(block) {
            return Err(OpenDataError::Malformed);
        }
        Ok(Self { ciphertext, iv })
    }

    /// The plaintext, known to be JSON.
    ///
    /// There is no authentication code in this format, so a caller who can distinguish "the padding is wrong"
    /// from "the padding is right but this is no JSON" can decrypt a foreign ciphertext byte by
    /// byte by sending altered copies of it (a padding oracle). Both are therefore one error and
    /// one course of action: the padding is looked at in constant time, the same bytes are parsed
    /// whether it is right or wrong, and only then is the verdict formed.
    ///
    /// What is refused before (lengths, base64, a session_key that is none) says nothing about a
    /// plaintext: no decryption has taken place.
    fn decrypt(self, session_key: &SessionKey) -> Result<String, OpenDataError> {
        let key = STANDARD.decode(session_key.expose()).map(Zeroizing::new);
        let key = key.map_err(|_| OpenDataError::NotOpened)?;
        let Self { ciphertext, iv } = self;
        let mut plain = ciphertext;
        cipher::decrypt_cbc::<Aes128>(&key, &iv, &mut plain).ok_or(OpenDataError::NotOpened)?;

        let unpadded = padding::unpad(&plain, BLOCK);
        let message = plain.get(..unpadded.message_len).unwrap_or_default();
        let json = mend::json(message);
        let is_mended = matches!(json, Cow::Owned(_));
        if !(bool::from(unpadded.is_valid) & is_json(&json, is_mended)) {
            return Err(OpenDataError::NotOpened);
        }
        Ok(json.into_owned())
    }
}

/// Whether `text` is JSON. What had to be mended must be an object, as WeChat's payloads are:
/// otherwise any bytes between two quotes would do, and a wrong key gives those once in 2^24.
fn is_json(text: &str, is_mended: bool) -> bool {
    serde_json::from_str::<&RawValue>(text)
        .is_ok_and(|value| !is_mended || value.get().starts_with('{'))
}

impl OpenData {
    /// `None` if `json` is not an object or has no watermark.
    fn read(json: String) -> Option<Self> {
        let object = Object::read(&json)?;
        let watermark: WatermarkField = serde_json::from_str(object.get("watermark")?).ok()?;
        Some(Self {
            watermark: watermark.into(),
            open_id: object.get("openId").and_then(open_id),
            union_id: object.get("unionId").and_then(union_id),
            payload: Payload::read(&json, &object),
            json,
        })
    }
}

/// `watermark` as WeChat writes it.
#[derive(Deserialize)]
struct WatermarkField {
    appid: String,
    #[serde(deserialize_with = "lenient::required_integer")]
    timestamp: i64,
}

impl From<WatermarkField> for Watermark {
    fn from(field: WatermarkField) -> Self {
        Self {
            app_id: AppId::new(field.appid),
            timestamp: field.timestamp,
        }
    }
}

/// The openid in a field, if there is one. A value that is not a text counts as an openid too, as its
/// JSON text: it must not be treated as a payload without an openid.
fn open_id(json: &str) -> Option<OpenId> {
    match serde_json::from_str::<Option<String>>(json) {
        Ok(text) => text.filter(|text| !text.is_empty()).map(OpenId::new),
        Err(_) => Some(OpenId::new(json)),
    }
}

fn union_id(json: &str) -> Option<UnionId> {
    let text: String = serde_json::from_str(json).ok()?;
    (!text.is_empty()).then(|| UnionId::new(text))
}

/// Whether `seconds` of unix time is before `limit`. In microseconds, because a `limit` within a
/// second is after that second's beginning.
fn is_before(seconds: i64, limit: Timestamp) -> bool {
    seconds.saturating_mul(1_000_000) < limit.as_microsecond()
}

impl fmt::Debug for OpenData {
    /// Without the text, which has a phone number in it or what WeChat adds tomorrow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenData")
            .field("watermark", &self.watermark)
            .field("open_id", &self.open_id)
            .field("union_id", &self.union_id)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}
