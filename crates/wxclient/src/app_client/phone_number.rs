//! 获取手机号 (getPhoneNumber): the code of the phone number button for the number.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html>

use std::fmt;

use domain::id::OpenId;
use domain::time::Timestamp;
use serde::{Deserialize, Deserializer};

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, WechatError};
use crate::wire::lenient_number;

impl AppClient {
    /// Exchanges `code`, which the phone number button gave to `open_id`. WeChat refuses the code
    /// of another user. It works once and for five minutes.
    ///
    /// # Errors
    /// [`WechatError`].
    pub async fn phone_number(
        &self,
        code: &str,
        open_id: &OpenId,
    ) -> Result<PhoneNumber, WechatError> {
        let body = [("code", code.into()), ("openid", open_id.as_str().into())];
        self.client
            .call(
                |token| {
                    Call::post(Api::PhoneNumber, Repeat::IfCertainlyNotTaken)
                        .token("access_token", token)
                        .body(&body)
                        .secured(self.security.as_ref())
                },
                |reply: PhoneReply| reply.into_number(self.app_id.as_str()),
            )
            .await
    }
}

/// A phone number that WeChat has verified. Personal data: `Debug` shows the last two digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    /// The country's calling code, digits alone: `86`.
    pub country_code: String,
    /// The number within the country, digits alone.
    pub national_number: String,
    /// When the user gave the number to the app.
    pub granted_at: Timestamp,
}

impl PhoneNumber {
    /// The number in E.164: `+8613580006666`.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}{}", self.country_code, self.national_number)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.national_number.len();
        let last = self.national_number.get(digits.saturating_sub(2)..);
        write!(f, "PhoneNumber(…{})", last.unwrap_or_default())
    }
}

/// The answer on the wire. `phoneNumber` is left aside: whether it has the country's code varies.
#[derive(Deserialize)]
struct PhoneReply {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    #[serde(deserialize_with = "digits")]
    pure_phone_number: String,
    #[serde(deserialize_with = "digits")]
    country_code: String,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    #[serde(deserialize_with = "lenient_number")]
    timestamp: i64,
    appid: String,
}

impl PhoneReply {
    fn into_number(self, app_id: &str) -> Result<PhoneNumber, Fault> {
        let PhoneInfo {
            pure_phone_number,
            country_code,
            watermark,
        } = self.phone_info;
        if watermark.appid != app_id {
            return Err(Fault::Malformed("a phone number of another app"));
        }
        // E.164: at most 15 digits in all, and no country's code begins with 0.
        let length = country_code.len() + pure_phone_number.len();
        if country_code.starts_with('0') || country_code.len() > 3 || length > 15 {
            return Err(Fault::Malformed("no usable phone number"));
        }
        Ok(PhoneNumber {
            country_code,
            national_number: pure_phone_number,
            granted_at: Timestamp::from_second(watermark.timestamp)
                .map_err(|_| Fault::Malformed("no usable watermark"))?,
        })
    }
}

/// Digits, as a text or (as countryCode in WeChat's own example) as a number.
fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Digits {
        Text(String),
        Number(u64),
    }
    let digits = match Digits::deserialize(from)? {
        Digits::Text(text) => text,
        Digits::Number(number) => number.to_string(),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(serde::de::Error::custom("not digits"));
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_a_phone_number() {
        let number = PhoneNumber {
            country_code: "86".to_owned(),
            national_number: "13580006666".to_owned(),
            granted_at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(format!("{number:?}"), "PhoneNumber(…66)");
    }
}
