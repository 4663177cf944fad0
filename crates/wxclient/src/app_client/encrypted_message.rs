//! 检查加密信息 (checkEncryptedData): whether WeChat made a ciphertext.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_checkencrypteddata.html>
//!
//! For users of this crate: the service does not make this call.

use aws_lc_rs::digest;
use domain::time::Timestamp;
use serde::Deserialize;

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::Result;
use crate::json::lenient_number;

/// "The data does not exist."
const UNKNOWN_MESSAGE: i64 = 1;

impl AppClient {
    /// Whether WeChat made `encrypted_data` (the base64 text as the front end got it). Only phone
    /// numbers of the last three days can be asked about; `None` for anything else.
    pub async fn check_encrypted_message(
        &self,
        encrypted_data: &str,
    ) -> Result<Option<EncryptedMessage>> {
        let hash = hex::encode(digest::digest(&digest::SHA256, encrypted_data.as_bytes()));
        let call = Call::post(Api::CheckEncryptedData, Repeat::Freely)
            .body(&[("encrypted_msg_hash", hash.into())])
            .secured(self.security.as_ref());
        let understand = |reply: CheckReply| {
            let created_at = Some(reply.create_time).filter(|time| *time > 0);
            let created_at = created_at.and_then(|time| Timestamp::from_second(time).ok());
            Ok(reply.valid.then_some(EncryptedMessage { created_at }))
        };
        let checked = self.client.call(call, understand).await;
        match checked {
            Err(error) if error.errcode() == Some(UNKNOWN_MESSAGE) => Ok(None),
            checked => checked,
        }
    }
}

/// A ciphertext that WeChat made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedMessage {
    /// When, if WeChat says so.
    pub created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct CheckReply {
    /// WeChat spells it so.
    #[serde(rename = "vaild", alias = "valid")]
    valid: bool,
    #[serde(default, deserialize_with = "lenient_number")]
    create_time: i64,
}
