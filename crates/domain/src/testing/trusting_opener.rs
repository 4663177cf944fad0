//! Open data that is not encrypted at all.

use super::repository_contract::named;
use crate::open_data::{EncryptedData, Expected, OpenedData, PhoneGrant, SignedRawData, Watermark};
use crate::ports::{OpenDataError, OpenDataOpener};
use crate::profile::ProfileReport;

/// An [`OpenDataOpener`] that takes what it is given for a nickname, and `phone 86 1` for a phone number
/// too, unless it is `forged`. An iv that is not empty is the only session_key that opens the data.
#[derive(Default)]
pub struct TrustingOpener;

impl OpenDataOpener for TrustingOpener {
    fn open(
        &self,
        data: &EncryptedData,
        expected: &Expected<'_>,
    ) -> Result<OpenedData, OpenDataError> {
        let is_other_key = !data.iv.is_empty() && data.iv != expected.session_key.expose();
        if is_other_key || data.encrypted_data == "forged" {
            return Err(OpenDataError::NotOpened);
        }
        let phone = data.encrypted_data.strip_prefix("phone ");
        Ok(OpenedData {
            watermark: Watermark {
                app_id: expected.app_id.clone(),
                timestamp: 0,
            },
            union_id: None,
            report: Some(named(&data.encrypted_data)),
            phone: phone.and_then(phone_grant),
            json: String::from("{}"),
        })
    }

    fn verify(
        &self,
        data: &SignedRawData,
        _: &Expected<'_>,
    ) -> Result<ProfileReport, OpenDataError> {
        if data.signature == "forged" {
            return Err(OpenDataError::BadSignature);
        }
        Ok(named(&String::from_utf8_lossy(&data.raw_data)))
    }
}

/// The grant of a text such as `86 1`.
pub(super) fn phone_grant(text: &str) -> Option<PhoneGrant> {
    let (country_code, number) = text.split_once(' ')?;
    Some(PhoneGrant {
        country_code: country_code.to_owned(),
        pure_phone_number: number.to_owned(),
    })
}
