//! The phone's side over HTTP.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::stack::{Stack, json_of, text};

#[tokio::test]
async fn login_over_http_gives_a_code_that_works() {
    let stack = Stack::open().unwrap();
    let url = stack.url("/phone/alice/login");
    for request in [stack.client.get(&url), stack.client.post(&url)] {
        let answer = json_of(request.send().await.unwrap()).await.unwrap();
        let code = text(&answer, "code").unwrap();
        let session = stack.code2session(code).await.unwrap();
        assert!(session.get("openid").is_some(), "{session}");
    }
}

#[tokio::test]
async fn login_gives_the_bare_code_to_who_wants_text() {
    let stack = Stack::open().unwrap();
    let by_query = stack
        .get("/phone/alice/login", &[("format", "text")])
        .await
        .unwrap();
    let url = stack.url("/phone/alice/login");
    let by_header = stack.client.post(url).header("Accept", "text/plain");
    for response in [by_query, by_header.send().await.unwrap()] {
        let code = response.text().await.unwrap();
        assert_eq!((code.len(), code.starts_with('0')), (32, true), "{code}");
    }
}

#[tokio::test]
async fn login_at_another_app_is_for_that_app() {
    let stack = Stack::open().unwrap();
    let query = [("appid", stack.other_app.id.as_str())];
    let answer = json_of(stack.get("/phone/alice/login", &query).await.unwrap())
        .await
        .unwrap();
    let code = text(&answer, "code").unwrap();
    let session = stack.code2session_as(&stack.other_app, code).await.unwrap();
    assert!(session.get("openid").is_some(), "{session}");
}

#[tokio::test]
async fn an_unknown_user_is_answered_with_what_to_do() {
    let stack = Stack::open().unwrap();
    let response = stack.get("/phone/nobody/login", &[]).await.unwrap();
    assert_eq!(response.status(), 404);
    let answer = json_of(response).await.unwrap();
    assert!(
        text(&answer, "error").unwrap().contains("/sandbox/users"),
        "{answer}"
    );
}

#[tokio::test]
async fn the_profile_opens_with_the_session_key_and_its_signature_holds() {
    let stack = Stack::open().unwrap();
    let phone = stack.alice().unwrap();
    let session = stack.code2session(&phone.login().unwrap()).await.unwrap();
    let key = text(&session, "session_key").unwrap();
    let answer = json_of(stack.get("/phone/alice/profile", &[]).await.unwrap())
        .await
        .unwrap();
    let raw = text(&answer, "rawData").unwrap();
    let expected = hex::encode(Sha1::new().chain_update(raw).chain_update(key).finalize());
    assert_eq!(text(&answer, "signature").unwrap(), expected);
    let opened = open(key, &answer);
    assert_eq!(opened["openId"], phone.openid());
    assert_eq!(opened["nickName"], "爱丽丝 Alice");
    assert_eq!(opened["watermark"]["appid"], stack.app.id.as_str());
    assert_eq!(opened["watermark"]["timestamp"], 1_750_000_000);
}

#[tokio::test]
async fn the_anonymous_profile_hides_the_name_and_keeps_the_openid() {
    let stack = Stack::open().unwrap();
    let session = stack
        .code2session(&stack.alice().unwrap().login().unwrap())
        .await
        .unwrap();
    let query = [("kind", "anonymous"), ("watermark_shift_s", "-3600")];
    let answer = json_of(stack.get("/phone/alice/profile", &query).await.unwrap())
        .await
        .unwrap();
    let opened = open(text(&session, "session_key").unwrap(), &answer);
    assert_eq!(opened["nickName"], "微信用户");
    assert_eq!(opened["is_demote"], true);
    assert_eq!(opened["openId"], session["openid"]);
    assert_eq!(opened["watermark"]["timestamp"], 1_750_000_000 - 3_600);
}

#[tokio::test]
async fn encrypted_data_before_any_login_is_refused_with_what_to_do() {
    let stack = Stack::open().unwrap();
    let response = stack.get("/phone/alice/profile", &[]).await.unwrap();
    assert_eq!(response.status(), 409);
    let answer = json_of(response).await.unwrap();
    assert!(
        text(&answer, "error").unwrap().contains("wx.login"),
        "{answer}"
    );
}

#[tokio::test]
async fn data_made_before_the_key_was_replaced_does_not_open_with_the_new_one() {
    let stack = Stack::open().unwrap();
    let phone = stack.alice().unwrap();
    phone.login().unwrap();
    let old = json_of(stack.get("/phone/alice/profile", &[]).await.unwrap())
        .await
        .unwrap();
    let code = phone.login_with_fresh_key().unwrap();
    let session = stack.code2session(&code).await.unwrap();
    assert!(try_open(text(&session, "session_key").unwrap(), &old).is_none());
}

#[tokio::test]
async fn the_phone_number_button_gives_a_code_and_after_a_login_encrypted_data() {
    let stack = Stack::open().unwrap();
    let before = json_of(stack.get("/phone/alice/phone-number", &[]).await.unwrap())
        .await
        .unwrap();
    assert_eq!(text(&before, "code").unwrap().len(), 64);
    assert!(before.get("encryptedData").is_none());
    let session = stack
        .code2session(&stack.alice().unwrap().login().unwrap())
        .await
        .unwrap();
    let after = json_of(stack.get("/phone/alice/phone-number", &[]).await.unwrap())
        .await
        .unwrap();
    let opened = open(text(&session, "session_key").unwrap(), &after);
    assert_eq!(opened["purePhoneNumber"], "13800138000");
    assert_eq!(opened["countryCode"], "86");
}

pub(crate) fn open(session_key: &str, sealed: &Value) -> Value {
    try_open(session_key, sealed).unwrap()
}

/// Opens encrypted data with another implementation than the sandbox's own.
pub(crate) fn try_open(session_key: &str, sealed: &Value) -> Option<Value> {
    let decode = |field: &str| STANDARD.decode(sealed.get(field)?.as_str()?).ok();
    let mut data = decode("encryptedData")?;
    let key = STANDARD.decode(session_key).ok()?;
    let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(&key, &decode("iv")?).ok()?;
    let plaintext = cipher.decrypt_padded::<Pkcs7>(&mut data).ok()?;
    serde_json::from_slice(plaintext).ok()
}
