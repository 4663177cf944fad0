//! The phone number of the getPhoneNumber button.

use std::fmt;

use serde::Deserialize;

use crate::lenient;

/// The number that a user let the app have, in the older way with encryptedData
/// (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/deprecatedGetPhoneNumber.html>).
///
/// Keep `country_code` and `pure_phone_number`: `phone_number` carries the country code of some
/// countries and not of others.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneNumber {
    /// The number as WeChat shows it; with country code if it is a foreign one.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub phone_number: Option<String>,
    /// The number without country code.
    #[serde(deserialize_with = "lenient::required_text")]
    pub pure_phone_number: String,
    /// Country code without plus (`86`). WeChat writes text here or a number.
    #[serde(deserialize_with = "lenient::required_text")]
    pub country_code: String,
}

impl PhoneNumber {
    pub(super) const FIELDS: &[&str] = &["purePhoneNumber", "phoneNumber"];
}

impl fmt::Debug for PhoneNumber {
    /// Without the number, which is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}
