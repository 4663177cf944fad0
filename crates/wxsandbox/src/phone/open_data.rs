//! Encrypted data: a payload with its watermark, under the session_key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Phone, PhoneError};
use crate::crypto::open_data;

/// Encrypted data as the phone's callbacks give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// Base64 of the ciphertext.
    pub encrypted_data: String,
    /// Base64 of the initialisation vector, 16 bytes.
    pub iv: String,
}

/// How encrypted data shall differ from what the phone would send, for tests of a backend's checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OpenDataOptions {
    /// Added to the watermark's timestamp, in seconds; negative for old data.
    pub watermark_shift_s: i64,
    /// The appid in the watermark instead of the app's own.
    pub watermark_app_id: Option<String>,
    /// Leaves the watermark out.
    pub no_watermark: bool,
    /// The openId in a getUserInfo payload instead of the user's own.
    pub open_id: Option<String>,
}

impl Phone {
    /// Encrypts any payload as WeChat does; the watermark is added at its end.
    ///
    /// # Errors
    /// [`PhoneError::NotLoggedIn`] without a valid session_key.
    pub fn encrypt(
        &self,
        mut payload: Map<String, Value>,
        options: &OpenDataOptions,
    ) -> Result<EncryptedData, PhoneError> {
        if !options.no_watermark {
            payload.insert("watermark".to_owned(), self.watermark(options));
        }
        self.encrypt_text(&Value::Object(payload).to_string())
    }

    pub(super) fn encrypt_text(&self, plaintext: &str) -> Result<EncryptedData, PhoneError> {
        let session_key = self.session_key()?;
        let iv = self.world.dice.bytes::<16>();
        let sealed = open_data::seal(&session_key, iv, plaintext);
        Ok(EncryptedData {
            encrypted_data: sealed.map_err(|_| PhoneError::Encryption)?,
            iv: STANDARD.encode(iv),
        })
    }

    pub(super) fn watermark(&self, options: &OpenDataOptions) -> Value {
        let timestamp = self.world.now().unix_seconds() + options.watermark_shift_s;
        let app_id = options.watermark_app_id.as_deref();
        json!({"timestamp": timestamp, "appid": app_id.unwrap_or(&self.app.id)})
    }
}
