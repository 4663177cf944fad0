//! 支付后获取 UnionId (getPaidUnionid): the unionid of a user who has paid.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_getpaidunionid.html>
//!
//! For users of this crate: the service does not make this call.

use domain::id::{OpenId, UnionId};
use serde::Deserialize;

use super::AppClient;
use crate::api::Api;
use crate::client::{Call, Repeat};
use crate::error::{Fault, Result};

impl AppClient {
    /// The unionid of `open_id`, who has paid `order` within the last five minutes. Needs no
    /// consent; the app must be bound to an Open Platform account (else 89002).
    pub async fn paid_union_id(&self, open_id: &OpenId, order: &PaidOrder) -> Result<UnionId> {
        let call =
            Call::get(Api::GetPaidUnionid, Repeat::Freely).query(&[("openid", open_id.as_str())]);
        let call = match order {
            PaidOrder::Transaction(id) => call.query(&[("transaction_id", id)]),
            PaidOrder::Merchant {
                mch_id,
                out_trade_no,
            } => call.query(&[("mch_id", mch_id), ("out_trade_no", out_trade_no)]),
        };
        let understand = |reply: UnionIdReply| match reply.unionid {
            id if id.is_empty() => Err(Fault::Malformed("no unionid")),
            id => Ok(UnionId::new(id)),
        };
        self.client.call(call, understand).await
    }
}

/// An order of WeChat Pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaidOrder {
    /// By WeChat Pay's number (`transaction_id`).
    Transaction(String),
    /// By the merchant's numbers.
    Merchant {
        mch_id: String,
        out_trade_no: String,
    },
}

#[derive(Deserialize)]
struct UnionIdReply {
    unionid: String,
}
