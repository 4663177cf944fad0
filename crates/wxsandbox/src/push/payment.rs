//! The messages on payments
//! (<https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html>).

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::state::World;
use crate::state::purses::{Bought, Order};

/// `xpay_goods_deliver_notify` or `xpay_coin_pay_notify`.
pub(crate) fn paid(world: &World, order: &Order) -> Value {
    let (event, bought) = match &order.bought {
        Bought::Goods { product_id, price } => (
            "xpay_goods_deliver_notify",
            json!({"GoodsInfo": {
                "ProductId": product_id,
                "Quantity": order.quantity,
                "OrigPrice": price.saturating_mul(order.quantity),
                "ActualPrice": order.fee,
                "Attach": order.attach,
            }}),
        ),
        Bought::Coins => (
            "xpay_coin_pay_notify",
            json!({"CoinInfo": {
                "Quantity": order.quantity,
                "OrigPrice": order.fee,
                "ActualPrice": order.fee,
                "Attach": order.attach,
            }}),
        ),
    };
    let paid = json!({
        "OutTradeNo": order.number,
        "Env": order.env,
        "WeChatPayInfo": {
            "MchOrderNo": order.wx_order_id,
            "TransactionId": order.transaction_id,
            "PaidTime": order.paid.unix_seconds(),
        },
    });
    message(world, order, event, order.paid, [paid, bought])
}

/// `xpay_refund_notify`, for `fee` of the order.
pub(crate) fn refunded(world: &World, order: &Order, fee: u64) -> Value {
    let now = world.now();
    let refund = json!({
        "WxRefundId": format!("50{}", world.dice.digits(26)),
        "MchRefundId": world.dice.digits(20),
        "WxOrderId": order.wx_order_id,
        "MchOrderId": order.number,
        "RefundFee": fee,
        "RetCode": 0,
        "RetMsg": "success",
        "RefundStartTimestamp": now.unix_seconds(),
        "RefundSuccTimestamp": now.unix_seconds(),
        "WxpayRefundTransactionId": order.transaction_id,
        "RetryTimes": 0,
    });
    message(world, order, "xpay_refund_notify", now, [refund])
}

/// The sender is one and the same account of WeChat's for every payer.
fn message<const N: usize>(
    world: &World,
    order: &Order,
    event: &str,
    created: Moment,
    parts: [Value; N],
) -> Value {
    let app_id = &order.payer.app_id;
    let head = json!({
        "ToUserName": world.derive.original_id(app_id),
        "FromUserName": world.derive.openid(app_id, "WeChat's payment account"),
        "CreateTime": created.unix_seconds(),
        "MsgType": "event",
        "Event": event,
        "OpenId": &*order.payer.openid,
    });
    let objects = [head].into_iter().chain(parts);
    let fields = objects.filter_map(|object| match object {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}
