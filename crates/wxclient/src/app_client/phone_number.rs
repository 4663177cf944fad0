//! 获取手机号 (getPhoneNumber): the code of the phone number button for the number.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html>

use domain::id::OpenId;
use domain::open_data::PhoneGrant;
use domain::secret::PhoneCode;
use serde::{Deserialize, Deserializer};

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, WechatError};

impl AppClient {
    /// Exchanges `code`, which the phone number button gave to `open_id`. WeChat refuses the code
    /// of another user. It works once and for five minutes.
    ///
    /// # Errors
    /// [`WechatError`].
    pub async fn phone_number(
        &self,
        code: &PhoneCode,
        open_id: &OpenId,
    ) -> Result<PhoneGrant, WechatError> {
        let body = [
            ("code", code.expose().into()),
            ("openid", open_id.as_str().into()),
        ];
        self.client
            .call(
                |token| {
                    Call::post(Api::PhoneNumber, Repeat::IfCertainlyNotTaken)
                        .token("access_token", token)
                        .body(&body)
                        .secured(self.security.as_ref())
                },
                |reply: PhoneReply| reply.into_grant(self.app_id.as_str()),
            )
            .await
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
    appid: String,
}

impl PhoneReply {
    fn into_grant(self, app_id: &str) -> Result<PhoneGrant, Fault> {
        let info = self.phone_info;
        if info.watermark.appid != app_id {
            return Err(Fault::Malformed("a phone number of another app"));
        }
        Ok(PhoneGrant {
            country_code: info.country_code,
            pure_phone_number: info.pure_phone_number,
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
