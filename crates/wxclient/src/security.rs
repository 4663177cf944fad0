//! 服务端 API 签名与加密: requests encrypted with AES-256-GCM and signed with RSA-PSS, answers
//! verified and opened. Switched on for an app in WeChat's console (开发管理 → API 安全).
//! <https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>
//!
//! WeChat's other pair of algorithms, SM4-GCM and SM2, is not here.

mod cipher;
mod keys;

use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::id::AppId;
use domain::ports::Clock;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use cipher::{Cipher, Place};
pub use keys::{ApiSecurityKeys, KeyError};
use keys::{Signer, Verifier};

use crate::error::Fault;
use crate::json;

/// The oldest answer that is believed, and the most that the clocks may differ, in seconds.
const MAX_AGE: i64 = 300;

/// What an app needs to encrypt and sign.
pub struct ApiSecurity {
    app_id: AppId,
    cipher: Cipher,
    signer: Signer,
    verifier: Verifier,
    clock: Arc<dyn Clock>,
}

impl ApiSecurity {
    /// Reads the keys of `app_id`. The `clock` dates requests and answers.
    pub fn new(
        app_id: AppId,
        keys: &ApiSecurityKeys,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            app_id,
            cipher: keys.cipher()?,
            signer: keys.signer()?,
            verifier: keys.verifier()?,
            clock,
        })
    }

    /// Encrypts the business `fields` of a call to `url`, and signs the result. Gives headers and body.
    pub(crate) fn seal(
        &self,
        url: &Url,
        mut fields: Map<String, Value>,
    ) -> Result<(HeaderMap, String), Fault> {
        let timestamp = self.clock.now().as_second();
        let place = Place {
            urlpath: &urlpath(url),
            app_id: self.app_id.as_str(),
            timestamp,
        };
        let nonce = random::<16>()?;
        fields.insert("_n".to_owned(), STANDARD_NO_PAD.encode(nonce).into());
        fields.insert("_appid".to_owned(), self.app_id.as_str().into());
        fields.insert("_timestamp".to_owned(), timestamp.into());
        let plain = Value::Object(fields).to_string();
        let body = self.cipher.encrypt(&place, plain, random()?)?;
        let signature = self.signer.sign(&place.to_sign(&body))?;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("wechatmp-appid", self.app_id.as_str()),
            ("wechatmp-timestamp", &timestamp.to_string()),
            ("wechatmp-serial", &self.signer.serial),
            ("wechatmp-signature", &signature),
        ] {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Fault::NotMade("the appid or a key's number is no header value"))?;
            headers.insert(name, value);
        }
        Ok((headers, body))
    }

    /// Verifies and opens the answer of a call to `url`. Only the gateway's errors may come
    /// unsigned and in clear.
    pub(crate) fn open(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        const STALE: Fault = Fault::Malformed("signed too long ago, or the clock is wrong");
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if header("wechatmp-signature").is_none() {
            return match json::read::<IgnoredAny>(&body) {
                Err(Fault::Refused(_)) => Ok(body),
                _ => Err(Fault::Malformed("not signed, though it must be")),
            };
        }
        let timestamp = header("wechatmp-timestamp").and_then(|text| text.parse().ok());
        let timestamp = timestamp.filter(|timestamp| self.is_fresh(*timestamp));
        let timestamp = timestamp.ok_or(STALE)?;
        if header("wechatmp-appid") != Some(self.app_id.as_str()) {
            return Err(Fault::Malformed("signed for another app"));
        }
        let place = Place {
            urlpath: &urlpath(url),
            app_id: self.app_id.as_str(),
            timestamp,
        };
        let text = std::str::from_utf8(&body).map_err(|_| Fault::Malformed("not JSON"))?;
        self.verifier.verify(&place.to_sign(text), header)?;
        let opened = self.cipher.decrypt(&place, text)?;
        let inner: Inner = serde_json::from_slice(&opened)
            .map_err(|_| Fault::Malformed("nothing WeChat would encrypt"))?;
        if inner.appid != self.app_id.as_str() || !self.is_fresh(inner.timestamp) {
            return Err(Fault::Malformed("encrypted for another app or time"));
        }
        Ok(opened)
    }

    fn is_fresh(&self, timestamp: i64) -> bool {
        self.clock.now().as_second().abs_diff(timestamp) <= MAX_AGE.unsigned_abs()
    }
}

/// What every encrypted answer says of itself.
#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "_appid")]
    appid: String,
    #[serde(rename = "_timestamp")]
    timestamp: i64,
}

/// The URL as it is signed: without the query, and always one of WeChat's, so that a proxy or a
/// sandbox before WeChat changes nothing.
fn urlpath(url: &Url) -> String {
    let is_wechats = |host: &&str| url.scheme() == "https" && host.ends_with(".weixin.qq.com");
    let host = url.host_str().filter(is_wechats);
    let host = host.unwrap_or("api.weixin.qq.com");
    format!("https://{host}{}", url.path())
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Fault::NotMade("no random numbers"))?;
    Ok(bytes)
}

impl std::fmt::Debug for ApiSecurity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiSecurity")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}
