//! A container in WeChat's cloud hosting
//! (<https://developers.weixin.qq.com/miniprogram/dev/wxcloudservice/wxcloudrun/src/development/call/index.html>).

use serde::{Deserialize, Serialize};

/// The container behind `wx.cloud.callContainer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudConfig {
    /// Where the container listens, for instance `http://127.0.0.1:5000`.
    pub target: String,
    /// The environment's id, sent in `X-WX-ENV`.
    #[serde(default = "default_env")]
    pub env: String,
}

fn default_env() -> String {
    "prod-sandbox".to_owned()
}
