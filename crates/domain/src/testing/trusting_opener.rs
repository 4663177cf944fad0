//! Open data that is not encrypted at all.

use crate::open_data::{EncryptedData, Expected, OpenedData, SignedRawData, Watermark};
use crate::ports::{OpenDataError, OpenDataOpener};
use crate::profile::{Profile, ProfileReport};

/// An [`OpenDataOpener`] that takes what it is given for a nickname, unless it is `forged`.
#[derive(Default)]
pub struct TrustingOpener;

impl OpenDataOpener for TrustingOpener {
    fn open(
        &self,
        data: &EncryptedData,
        expected: &Expected<'_>,
    ) -> Result<OpenedData, OpenDataError> {
        if data.encrypted_data == "forged" {
            return Err(OpenDataError::NotOpened);
        }
        Ok(OpenedData {
            watermark: Watermark {
                app_id: expected.app_id.clone(),
                timestamp: 0,
            },
            union_id: None,
            report: Some(report(&data.encrypted_data)),
            phone: None,
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
        Ok(report(&String::from_utf8_lossy(&data.raw_data)))
    }
}

fn report(nick_name: &str) -> ProfileReport {
    let profile = Profile {
        nick_name: Some(nick_name.to_owned()),
        ..Profile::default()
    };
    ProfileReport {
        profile,
        is_anonymous: false,
    }
}
