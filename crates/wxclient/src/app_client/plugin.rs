//! 获取插件用户 openpid (getPluginOpenPId).
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_getpluginopenpid.html>
//!
//! For users of this crate: the service does not make this call.

use serde::Deserialize;

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, Result};

impl AppClient {
    /// Exchanges `code`, which `wx.pluginLogin` gave, for the user's openpid: their id for the
    /// plugin, whatever app it runs in. The code works once and for five minutes.
    pub async fn plugin_open_pid(&self, code: &str) -> Result<String> {
        let call = Call::post(Api::GetPluginOpenpid, Repeat::IfCertainlyNotTaken)
            .body(&[("code", code.into())])
            .secured(self.security.as_ref());
        let understand = |reply: OpenPidReply| {
            let id = Some(reply.openpid).filter(|id| !id.is_empty());
            id.ok_or(Fault::Malformed("no openpid"))
        };
        self.client.call(call, understand).await
    }
}

#[derive(Deserialize)]
struct OpenPidReply {
    openpid: String,
}
