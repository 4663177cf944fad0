//! WeChat's open data (开放数据): data that a phone sends with a login, not verified yet.

use crate::id::{AppId, OpenId, UnionId};
use crate::profile::ProfileReport;
use crate::secret::SessionKey;
use crate::time::Timestamp;

/// `encryptedData` and `iv`, as the phone sent them: base64 text.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedData {
    /// AES-128-CBC ciphertext, base64.
    pub encrypted_data: String,
    /// Initialisation vector, base64 of 16 bytes.
    pub iv: String,
}

/// `rawData` and `signature`, as the phone sent them.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRawData {
    /// The profile as JSON text; the signature is over exactly these bytes. They are UTF-8 unless
    /// a nickname has half a surrogate pair in it.
    pub raw_data: Vec<u8>,
    /// Lower-case hex of SHA-1 over rawData and session_key.
    pub signature: String,
}

/// What opened data must agree with before anything in it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub session_key: &'a SessionKey,
    /// The app its watermark must name.
    pub app_id: &'a AppId,
    /// The user it must be about, if it says whom it is about.
    pub open_id: &'a OpenId,
    /// The oldest watermark that is accepted; `None` for any age.
    pub not_before: Option<Timestamp>,
}

/// Open data that opened, agreed with what was expected, and can be believed.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedData {
    pub watermark: Watermark,
    pub union_id: Option<UnionId>,
    pub report: Option<ProfileReport>,
    pub phone: Option<PhoneGrant>,
    /// The whole payload, as WeChat's JSON text.
    pub json: String,
}

/// WeChat's `watermark`: the proof of origin inside every opened payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    pub app_id: AppId,
    /// When it was made, unix seconds.
    pub timestamp: i64,
}

/// A phone number as WeChat tells it, unchecked.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneGrant {
    /// Country code, usually without plus (`86`); empty if WeChat left it out.
    pub country_code: String,
    /// The number, usually without country code.
    pub pure_phone_number: String,
}

impl std::fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncryptedData({} characters)", self.encrypted_data.len())
    }
}

impl std::fmt::Debug for SignedRawData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedRawData({} bytes)", self.raw_data.len())
    }
}

impl std::fmt::Debug for OpenedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (watermark, bytes) = (&self.watermark, self.json.len());
        write!(f, "OpenedData({watermark:?}, {bytes} bytes)")
    }
}

impl std::fmt::Debug for PhoneGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneGrant(…)")
    }
}
