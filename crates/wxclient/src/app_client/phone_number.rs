//! 获取手机号 (getPhoneNumber): the code of the phone number button for the number.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html>

use domain::id::OpenId;
use domain::open_data::PhoneGrant;
use domain::secret::PhoneCode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, Result};

impl AppClient {
    /// Exchanges `code`, which the phone number button gave to `open_id`. WeChat refuses the code
    /// of another user. It works once and for five minutes.
    pub async fn phone_number(&self, code: &PhoneCode, open_id: &OpenId) -> Result<PhoneGrant> {
        let call = Call::post(Api::GetPhoneNumber, Repeat::IfCertainlyNotTaken)
            .body(&[
                ("code", code.expose().into()),
                ("openid", open_id.as_str().into()),
            ])
            .secured(self.security.as_ref());
        let understand = |reply: PhoneReply| reply.into_grant(self.app_id.as_str());
        self.client.call(call, understand).await
    }
}

#[derive(Deserialize)]
struct PhoneReply {
    phone_info: PhoneInfo,
}

/// The code is spent once this comes, so the form of the number is no reason to refuse it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    #[serde(default, deserialize_with = "text")]
    pure_phone_number: String,
    /// With the country's code or without, depending on the country.
    #[serde(default, deserialize_with = "text")]
    phone_number: String,
    #[serde(default, deserialize_with = "text")]
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
        let number = if info.pure_phone_number.is_empty() {
            info.phone_number
        } else {
            info.pure_phone_number
        };
        if !number.contains(char::is_numeric) {
            return Err(Fault::Malformed("no phone number"));
        }
        Ok(PhoneGrant {
            country_code: info.country_code,
            pure_phone_number: number,
        })
    }
}

/// A text, or (as countryCode in WeChat's own example) a number as text; everything else is empty.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}
