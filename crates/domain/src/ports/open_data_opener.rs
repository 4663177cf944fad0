//! Port: decrypts and verifies open data.

use crate::open_data::{EncryptedData, Expected, OpenedData, SignedRawData};
use crate::profile::ProfileReport;

/// Opens encryptedData and checks rawData (开放数据校验与解密).
///
/// An adapter MUST refuse whatever does not agree with [`Expected`], MUST NOT panic on any input,
/// and MUST take the same time for every way in which a ciphertext fails to open.
pub trait OpenDataOpener: Send + Sync {
    /// Decrypts `data` and checks its watermark and, if it names one, its openid.
    fn open(&self, data: &EncryptedData, expected: &Expected<'_>) -> OpenDataResult<OpenedData>;

    /// Checks the signature of `data` and reads the profile in it. There is no watermark in
    /// rawData, so of `expected` only the session_key counts.
    ///
    /// # Errors
    /// [`OpenDataError::BadSignature`], or [`OpenDataError::Malformed`] if it is signed and yet
    /// no profile.
    fn verify(
        &self,
        data: &SignedRawData,
        expected: &Expected<'_>,
    ) -> OpenDataResult<ProfileReport>;
}

pub type OpenDataResult<T> = Result<T, OpenDataError>;

/// Why open data is not believed. A caller without a session learns no more than that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenDataError {
    /// It cannot be a ciphertext (not base64, wrong length), or opens and has no watermark.
    #[error("the data cannot be open data of WeChat's")]
    Malformed,
    /// This session_key does not open it to JSON: the key is stale or the data is forged.
    #[error("the session_key does not open the data")]
    NotOpened,
    #[error("the signature of rawData does not hold")]
    BadSignature,
    #[error("the data was made for another app")]
    OtherApp,
    #[error("the data is about another user")]
    OtherUser,
    #[error("the data is too old")]
    TooOld,
}
