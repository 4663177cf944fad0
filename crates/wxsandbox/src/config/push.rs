//! Message push as the console configures it
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::secret;

/// Where and how messages are pushed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// The developer's URL.
    pub url: String,
    /// The token both sides sign with.
    #[serde(serialize_with = "secret::expose")]
    pub token: SecretString,
    /// EncodingAESKey, 43 characters.
    #[serde(serialize_with = "secret::expose")]
    pub encoding_aes_key: SecretString,
    /// Plain, compatible or safe.
    #[serde(default)]
    pub mode: PushMode,
    /// JSON or XML.
    #[serde(default)]
    pub format: PushFormat,
}

/// How much of a message is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    /// 明文模式: as it is.
    Plain,
    /// 兼容模式: as it is, and encrypted beside it.
    Compatible,
    /// 安全模式: encrypted only.
    #[default]
    Safe,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushFormat {
    /// JSON.
    #[default]
    Json,
    /// XML, flat.
    Xml,
}
