//! The other side: what WeChat and a phone do before the data comes here. Written from WeChat's
//! documents on top of the AES library, so that it shares no code with the crate under test.

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use sha1::{Digest, Sha1};
use wxcrypto::{
    AppId, EncryptedData, Expected, OpenData, OpenDataError, OpenId, SessionKey, SignedRawData,
    Timestamp,
};

pub(crate) const APP_ID: &str = "wx4f4bc4dec97d474b";
pub(crate) const OPEN_ID: &str = "oGZUI0egBJY1zhBYw2KhdUfwVJJE";
pub(crate) const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
/// When the watermarks of [`with_watermark`] were made.
pub(crate) const MADE_AT: i64 = 1_700_000_000;

/// Encrypts `plain` as WeChat does.
pub(crate) fn seal(plain: &str) -> EncryptedData {
    seal_bytes(plain.as_bytes(), SESSION_KEY, [7; 16])
}

pub(crate) fn seal_bytes(plain: &[u8], session_key: &str, iv: [u8; 16]) -> EncryptedData {
    encoded(
        &encryptor(session_key, iv).encrypt_padded_vec::<Pkcs7>(plain),
        iv,
    )
}

/// Encrypts whole blocks as they are, whatever padding they end in.
pub(crate) fn seal_blocks(blocks: &[u8]) -> EncryptedData {
    let iv = [7; 16];
    encoded(
        &encryptor(SESSION_KEY, iv).encrypt_padded_vec::<NoPadding>(blocks),
        iv,
    )
}

fn encryptor(session_key: &str, iv: [u8; 16]) -> cbc::Encryptor<Aes128> {
    let key = STANDARD.decode(session_key).unwrap();
    cbc::Encryptor::new_from_slices(&key, &iv).unwrap()
}

pub(crate) fn encoded(ciphertext: &[u8], iv: [u8; 16]) -> EncryptedData {
    EncryptedData {
        encrypted_data: STANDARD.encode(ciphertext),
        iv: STANDARD.encode(iv),
    }
}

/// A payload of `fields` (JSON members, or nothing) and the watermark of [`APP_ID`].
pub(crate) fn with_watermark(fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(r#"{{{fields}{comma}"watermark":{{"timestamp":{MADE_AT},"appid":"{APP_ID}"}}}}"#)
}

/// Signs `raw_data` as WeChat does.
pub(crate) fn sign(raw_data: &str) -> SignedRawData {
    sign_bytes(raw_data.as_bytes())
}

pub(crate) fn sign_bytes(raw_data: &[u8]) -> SignedRawData {
    let digest = Sha1::digest([raw_data, SESSION_KEY.as_bytes()].concat());
    SignedRawData {
        raw_data: raw_data.to_vec(),
        signature: hex::encode(digest),
    }
}

/// What a server expects of [`OPEN_ID`], logged in to [`APP_ID`].
pub(crate) struct Server {
    pub(crate) session_key: SessionKey,
    pub(crate) app_id: AppId,
    pub(crate) open_id: OpenId,
    pub(crate) not_before: Option<Timestamp>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            session_key: SessionKey::new(SESSION_KEY),
            app_id: AppId::new(APP_ID),
            open_id: OpenId::new(OPEN_ID),
            not_before: None,
        }
    }

    pub(crate) fn with_session_key(session_key: &str) -> Self {
        Self {
            session_key: SessionKey::new(session_key),
            ..Self::new()
        }
    }

    pub(crate) fn expected(&self) -> Expected<'_> {
        Expected {
            session_key: &self.session_key,
            app_id: &self.app_id,
            open_id: &self.open_id,
            not_before: self.not_before,
        }
    }

    pub(crate) fn open(&self, data: &EncryptedData) -> Result<OpenData, OpenDataError> {
        wxcrypto::open(data, &self.expected())
    }
}
