//! `apps`: the mini programs.

use serde::Deserialize;
use wxclient::security::ApiSecurityKeys;

use super::value::{Secret, TargetUrl};

/// One of `apps`.
#[derive(Debug, Clone, Default, Deserialize)]
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
    pub name: Option<String>,
    /// The Open Platform account it is bound to. Apps with the same one share users by unionid.
    pub open_platform: Option<String>,
    /// Token of message push.
    pub push_token: Option<Secret>,
    /// EncodingAESKey of message push in safe mode, 43 characters.
    pub push_aes_key: Option<Secret>,
    /// Where messages that WeChat pushes go; the first rule that matches counts.
    #[serde(default)]
    pub push_relay: Vec<PushRule>,
    /// The keys of API signing and encryption (服务端 API 签名与加密), if it is switched on for the
    /// app in WeChat's console.
    pub api_security: Option<ApiSecurityKeys>,
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
