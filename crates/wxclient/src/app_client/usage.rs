//! 查询购买资源包的用量情况 (getUsageDetail).
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/charge/api_getusagedetail.html>

use serde::Deserialize;

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::Result;
use crate::json::lenient_number;

domain::named_enum! {
    /// What WeChat sells by the piece, and its number there.
    Resource as spu_id {
        /// 手机号快速验证组件: the number that the user has given WeChat.
        QuickPhoneNumber = "10000077",
        /// 手机号实时验证组件: a number that the user confirms by SMS.
        VerifiedPhoneNumber = "10000086",
    }
}

impl AppClient {
    /// How many pieces of `resource` are left of what the app has bought.
    pub async fn left_of(&self, resource: Resource) -> Result<i64> {
        let call = Call::get(Api::GetUsage, Repeat::Freely).query(&[
            ("spuId", resource.spu_id()),
            ("offset", "0"),
            ("limit", "1"),
        ]);
        let left = |reply: UsageReply| Ok(reply.all.saturating_sub(reply.effective_use));
        self.client.call(call, left).await
    }
}

/// Both are texts of 64-bit numbers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageReply {
    #[serde(deserialize_with = "lenient_number")]
    all: i64,
    #[serde(default, deserialize_with = "lenient_number")]
    effective_use: i64,
}
