//! What the connections ask.

use std::sync::Arc;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use wxcrypto::push::{SafeMode, SealedMessage};

use super::TAKEN;
use crate::exact;
use crate::load::{Script, post, post_with};
use crate::programs::APP_ID;
use crate::scripts::Tokens;

/// Has an order signed, with the API keys in turn.
pub(super) struct Sign {
    body: String,
    keys: Arc<[String]>,
    next: usize,
}

impl Sign {
    /// For the connection of this number.
    pub(super) fn new(connection: usize, tokens: &Tokens, keys: &Arc<[String]>) -> Self {
        let order = json!({
            "offerId": "123", "buyQuantity": 1, "env": 0, "currencyType": "CNY",
            "productId": "vip_month", "goodsPrice": 600, "attach": tokens.user,
            "outTradeNo": format!("order-{connection}"),
        });
        Self {
            body: json!({ "userId": tokens.user, "data": order.to_string() }).to_string(),
            keys: Arc::clone(keys),
            next: connection,
        }
    }
}

impl Script for Sign {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let headers = by_key(&self.keys, self.next, "application/json");
        self.next += 1;
        post_with(request, "/auth/wechat-signature", &headers, &self.body);
    }
}

/// Introspects an access token.
pub(super) struct Introspect {
    headers: String,
    body: String,
}

impl Introspect {
    /// For the connection of this number.
    pub(super) fn new(connection: usize, tokens: &Tokens, keys: &Arc<[String]>) -> Self {
        let kind = "application/x-www-form-urlencoded";
        Self {
            headers: by_key(keys, connection, kind),
            body: format!("token={}", tokens.access),
        }
    }
}

impl Script for Introspect {
    fn ask(&mut self, request: &mut Vec<u8>) {
        post_with(request, "/auth/introspect", &self.headers, &self.body);
    }
}

fn by_key(keys: &[String], number: usize, kind: &str) -> String {
    let key = keys.iter().cycle().nth(number % keys.len().max(1));
    let key = key.map_or("", String::as_str);
    format!("Content-Type: {kind}\r\nAuthorization: Bearer {key}")
}

/// A payment notice, another one each time.
pub(super) struct Notice {
    prefix: String,
    sent: u64,
}

impl Notice {
    /// `prefix` distinguishes its orders from those of others.
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, sent: 0 }
    }

    fn next(&mut self, now: i64) -> String {
        self.sent += 1;
        let order = format!("{}-{}", self.prefix, self.sent);
        json!({
            "ToUserName": "gh_97417a04a28d", "FromUserName": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
            "CreateTime": now, "MsgType": "event", "Event": "xpay_goods_deliver_notify",
            "OpenId": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY", "OutTradeNo": order, "Env": 0,
            "GoodsInfo": {"ProductId": "vip_month", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600},
        })
        .to_string()
    }
}

/// Sends notices to the target itself, as the relay does.
pub(super) struct Deliver(pub(super) Notice);

impl Script for Deliver {
    fn ask(&mut self, request: &mut Vec<u8>) {
        post(request, "/hook", &self.0.next(exact::unix_seconds()));
    }
}

/// Pushes notices as WeChat does in safe mode.
pub(super) struct Push {
    pub(super) notice: Notice,
    pub(super) safe_mode: Arc<SafeMode>,
}

impl Script for Push {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let now = exact::unix_seconds();
        let sealed = self
            .safe_mode
            .seal(self.notice.next(now), [7; 16], now, "1514711492");
        let Ok(sealed) = sealed else { return };
        let path = format!(
            "/wechat/events/{APP_ID}?timestamp={now}&nonce={}&encrypt_type=aes&msg_signature={}",
            sealed.nonce, sealed.msg_signature
        );
        let body = json!({ "ToUserName": "gh_97417a04a28d", "Encrypt": sealed.encrypt });
        post(request, &path, &body.to_string());
    }

    /// WeChat gets a success also for a message that waits for its target, so only the target's own
    /// answer counts.
    fn answered(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let answer: Value = serde_json::from_slice(body)?;
        let text = |name: &str| {
            let text = answer.get(name).and_then(Value::as_str);
            text.with_context(|| format!("an answer without {name}"))
        };
        let timestamp = answer.get("TimeStamp").and_then(Value::as_i64);
        let opened = self.safe_mode.open(&SealedMessage {
            msg_signature: text("MsgSignature")?,
            timestamp: &timestamp.unwrap_or_default().to_string(),
            nonce: text("Nonce")?,
            encrypt: text("Encrypt")?,
        })?;
        ensure!(
            opened == TAKEN.as_bytes(),
            "a message was not relayed at once"
        );
        Ok(())
    }
}
