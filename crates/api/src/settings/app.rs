//! `apps`: the mini programs.

use serde::Deserialize;

use super::value::{Secret, TargetUrl};

/// One of `apps`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The AppID.
    pub app_id: String,
    /// The AppSecret.
    #[serde(default)]
    pub secret: Secret,
    /// Instead of `secret`, two of them: the second is presented when WeChat refuses the first, as
    /// after a reset in the console.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// What the operator calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// The Open Platform account it is bound to. Apps with the same one share users by unionid.
    #[serde(default)]
    pub open_platform: Option<String>,
    /// Token of message push.
    #[serde(default)]
    pub push_token: Option<Secret>,
    /// EncodingAESKey of message push in safe mode, 43 characters.
    #[serde(default)]
    pub push_aes_key: Option<Secret>,
    /// Where messages that WeChat pushes go; the first rule that matches counts.
    #[serde(default)]
    pub push_relay: Vec<PushRule>,
    /// The keys of API signing and encryption (服务端 API 签名与加密), if it is switched on for the
    /// app in WeChat's console.
    #[serde(default)]
    pub api_security: Option<ApiSecurity>,
}

impl App {
    /// The AppSecrets, the one to present first in front.
    pub(crate) fn app_secrets(&self) -> &[Secret] {
        if self.secrets.is_empty() {
            std::slice::from_ref(&self.secret)
        } else {
            &self.secrets
        }
    }
}

/// One of `apps[].push_relay`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRule {
    /// Names of events; `msg:` and the MsgType for a message that is none; `*` at an end for any end.
    pub events: Vec<String>,
    /// Where they are posted.
    pub url: TargetUrl,
    /// The secret of Standard Webhooks that the target shares: `whsec_` and base64.
    pub secret: Secret,
}

/// `apps[].api_security`: the console's page 开发管理 → API 安全.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSecurity {
    /// The symmetric key (AES256_GCM), 32 bytes in base64.
    pub symmetric_key: Secret,
    /// Its number.
    pub symmetric_key_serial: String,
    /// The private key (RSAwithSHA256), PEM.
    pub private_key: Secret,
    /// The number of its public half.
    pub private_key_serial: String,
    /// WeChat's platform certificate, PEM.
    pub platform_certificate: String,
    /// Its number, as the console shows it.
    pub platform_certificate_serial: String,
}
