//! encryptedData and iv of a login
//! (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html).

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use chrono::Utc;
use serde::Deserialize;

/// The greatest age of data, in seconds; as wxlogin's.
const MAX_AGE_S: i64 = 300;

/// As the phone sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenData {
    encrypted_data: String,
    iv: String,
}

/// What a user shows of themselves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) nick_name: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) gender: Option<i16>,
    pub(crate) language: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) province: Option<String>,
    pub(crate) city: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    open_id: Option<String>,
    #[serde(flatten)]
    profile: Profile,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
    timestamp: i64,
}

/// It does not open, or is another app's, another user's or old.
pub(crate) struct OpenDataError;

impl OpenData {
    /// Decrypts and checks it.
    pub(crate) fn open(
        &self,
        session_key: &str,
        app_id: &str,
        open_id: &str,
    ) -> Result<Profile, OpenDataError> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| OpenDataError);
        let (key, iv) = (decode(session_key)?, decode(&self.iv)?);
        let mut data = decode(&self.encrypted_data)?;
        let cipher = Decryptor::<Aes128>::new_from_slices(&key, &iv).map_err(|_| OpenDataError)?;
        let json = cipher
            .decrypt_padded::<Pkcs7>(&mut data)
            .map_err(|_| OpenDataError)?;
        let payload: Payload = serde_json::from_slice(json).map_err(|_| OpenDataError)?;
        let is_mine = payload.watermark.appid == app_id
            && payload.open_id.is_none_or(|id| id == open_id)
            && payload.watermark.timestamp >= Utc::now().timestamp() - MAX_AGE_S;
        is_mine.then_some(payload.profile).ok_or(OpenDataError)
    }
}
