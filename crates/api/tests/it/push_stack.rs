//! A stack whose apps receive WeChat's message push.

use api::settings::Secret;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use reqwest::Method;
use wxcrypto::push::{EncodingAesKey, PushToken, SafeMode};
use wxsandbox::{PushConfig, PushFormat, PushMode};

use crate::admin_stack::keys;
use crate::stack::{Answer, Stack, Store};

/// Token and key of the vectors that WeChat's documentation publishes.
pub(crate) const TOKEN: &str = "AAAAA";
pub(crate) const AES_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The query of its first vector, without the echostr. The signature does not cover a body.
pub(crate) const SIGNED: &str =
    "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&timestamp=1714036504&nonce=1514711492";

/// The first app gets sealed messages, the second none.
pub(crate) async fn stack(store: Store) -> Stack {
    Stack::with(store, |settings| {
        settings.admin.api_keys = keys();
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_aes_key = Some(Secret::new(AES_KEY));
    })
    .await
}

/// The first app gets messages in clear.
pub(crate) async fn plain_stack(store: Store) -> Stack {
    Stack::with(store, |settings| {
        settings.admin.api_keys = keys();
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
    })
    .await
}

/// The address of the first app's messages.
pub(crate) fn path(stack: &Stack) -> String {
    format!("/wechat/events/{}", stack.app_id(0))
}

/// Tells WeChat's console where messages go.
pub(crate) fn subscribe(stack: &Stack, mode: PushMode, format: PushFormat) {
    let request = stack.request(Method::GET, &path(stack)).build().unwrap();
    let push = PushConfig {
        url: request.url().to_string(),
        token: TOKEN.into(),
        encoding_aes_key: AES_KEY.into(),
        mode,
        format,
    };
    let control = stack.sandbox.control();
    control
        .change_app(&stack.app_id(0), |app| app.push = Some(push))
        .unwrap();
}

/// The query of a message that WeChat sends `seconds` from now. The signature covers no body.
pub(crate) fn signed_in(seconds: i64) -> String {
    signed_at(now() + seconds)
}

fn signed_at(timestamp: i64) -> String {
    let nonce = "1514711492";
    let mut parts = [TOKEN.to_owned(), timestamp.to_string(), nonce.to_owned()];
    parts.sort();
    let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes());
    let signature = hex::encode(sha1);
    format!("signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time that WeChat writes into a message"
)]
pub(crate) fn now() -> i64 {
    domain::time::Timestamp::now().as_second()
}

/// A message in plain mode, with a good signature.
pub(crate) async fn plain(stack: &Stack, body: impl Into<reqwest::Body>) -> Answer {
    post(stack, &signed_in(0), body).await
}

pub(crate) async fn post(stack: &Stack, query: &str, body: impl Into<reqwest::Body>) -> Answer {
    let path = format!("{}?{query}", path(stack));
    let request = stack.request(Method::POST, &path).body(body);
    Answer::read(request.send().await.unwrap()).await
}

/// The query and body of a message sealed for `app_id` with `key`.
pub(crate) fn sealed(app_id: &str, key: &str, message: &str) -> (String, String) {
    sealed_in(0, app_id, key, message)
}

/// The same, sent `seconds` from now.
pub(crate) fn sealed_in(seconds: i64, app_id: &str, key: &str, message: &str) -> (String, String) {
    let safe_mode = SafeMode {
        token: PushToken::new(TOKEN),
        key: EncodingAesKey::parse(key).unwrap(),
        app_id: domain::id::AppId::new(app_id),
    };
    // Both signatures cover it.
    let timestamp = now() + seconds;
    let sealed = safe_mode
        .seal(message, [7; 16], timestamp, "1514711492")
        .unwrap();
    let query = format!(
        "{}&encrypt_type=aes&msg_signature={}",
        signed_at(timestamp),
        sealed.msg_signature
    );
    let body = serde_json::json!({ "ToUserName": "gh_1", "Encrypt": sealed.encrypt });
    (query, body.to_string())
}

/// Asserts that WeChat would be content.
#[track_caller]
pub(crate) fn taken(answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    assert_eq!(answer.body, "success");
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
}
