//! The domain's port, kept by this crate's functions.

use domain::open_data::{EncryptedData, Expected, OpenedData, PhoneGrant, SignedRawData};
use domain::ports::{OpenDataError, OpenDataOpener};
use domain::profile::ProfileReport;

use crate::open_data::OpenData;
use crate::payload::{Payload, PhoneNumber, UserInfo};

/// Opens open data with AES-128-CBC and checks rawData with SHA-1, as WeChat prescribes. Holds
/// nothing: every key comes with the call.
#[derive(Clone, Copy, Debug, Default)]
pub struct AesOpenDataOpener;

impl OpenDataOpener for AesOpenDataOpener {
    fn open(
        &self,
        data: &EncryptedData,
        expected: &Expected<'_>,
    ) -> Result<OpenedData, OpenDataError> {
        crate::open(data, expected).map(OpenedData::from)
    }

    fn verify(
        &self,
        data: &SignedRawData,
        expected: &Expected<'_>,
    ) -> Result<ProfileReport, OpenDataError> {
        crate::verify_raw_data(data, expected.session_key).map(UserInfo::into_report)
    }
}

impl From<OpenData> for OpenedData {
    fn from(open_data: OpenData) -> Self {
        let (report, phone) = match open_data.payload {
            Payload::UserInfo(user_info) => (Some(user_info.into_report()), None),
            Payload::PhoneNumber(phone) => (None, Some(phone.into())),
            Payload::ShareInfo(_)
            | Payload::GroupEnterInfo(_)
            | Payload::ChatToolInfo(_)
            | Payload::WeRunData(_)
            | Payload::Other => (None, None),
        };
        Self {
            watermark: open_data.watermark,
            union_id: open_data.union_id,
            report,
            phone,
            json: open_data.json,
        }
    }
}

impl From<PhoneNumber> for PhoneGrant {
    fn from(phone: PhoneNumber) -> Self {
        Self {
            country_code: phone.country_code,
            pure_phone_number: phone.pure_phone_number,
        }
    }
}
