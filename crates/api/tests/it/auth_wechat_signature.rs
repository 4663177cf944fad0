//! Signatures with a session_key that stays here.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxcrypto::{SessionKey, session_signature};

use crate::admin_stack::{EVERYTHING, READER, SIGNER, TOKEN_TAKER, id, stack};
use crate::stack::{Answer, Stack, Store};

const ORDER: &str = r#"{"offerId":"123","buyQuantity":1,"env":0,"outTradeNo":"小 001"}"#;
const PATH: &str = "/auth/wechat-signature";

async fn sign(stack: &Stack, body: &Value) -> Answer {
    stack
        .send(Method::POST, PATH, Some(SIGNER), Some(body))
        .await
}

/// The signature that the phone's WeChat would take now.
fn expected(stack: &Stack, text: &str) -> String {
    let control = stack.sandbox.control();
    let key = control
        .session_key("alice", &stack.app_id(0))
        .unwrap()
        .unwrap();
    let key = SessionKey::new(secrecy::ExposeSecret::expose_secret(&key));
    session_signature(&key, text.as_bytes())
}

#[rstest]
#[tokio::test]
async fn the_newest_session_key_signs_the_text_byte_for_byte_on_every_replica(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let replica = stack.replica().await;
    for _ in 0..3 {
        let login = stack.logged_in("alice").await;
        for text in [ORDER, " {\"a\" : [1.0]}\n", "{\"\":null}"] {
            let by_id = json!({ "userId": login["userId"], "data": text });
            let by_open_id = json!({ "openId": login["openId"], "userId": "", "data": text, "appId": stack.app_id(0), "checkSession": true });
            let unchecked = json!({ "openId": login["openId"], "data": text, "checkSession": "" });
            let here = sign(&stack, &by_id).await.data();
            assert_eq!(sign(&stack, &unchecked).await.data(), here);
            let there = replica
                .send(Method::POST, PATH, Some(SIGNER), Some(&by_open_id))
                .await;
            let wanted = json!({
                "signature": expected(&stack, text),
                "sigMethod": "hmac_sha256",
                "openId": login["openId"],
            });
            assert_eq!((here, there.data()), (wanted.clone(), wanted));
        }
        let control = stack.sandbox.control();
        control
            .replace_session_key("alice", &stack.app_id(0))
            .unwrap();
        let stale = json!({ "userId": login["userId"], "data": ORDER, "checkSession": true });
        let msg = sign(&stack, &stale).await.refused(409, "session_key_stale");
        assert!(msg.contains("wx.login"), "{msg}");
    }
}

#[tokio::test]
async fn a_key_must_have_the_scope_by_name() {
    let stack = stack(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let body = json!({ "userId": login["userId"], "data": ORDER });
    for key in [EVERYTHING, READER, TOKEN_TAKER] {
        let answer = stack.send(Method::POST, PATH, Some(key), Some(&body)).await;
        answer.refused(403, "forbidden");
    }
    let answer = stack.send(Method::POST, PATH, None, Some(&body)).await;
    answer.refused(401, "token_missing");
}

#[rstest]
#[case(json!(""))]
#[case(json!(" "))]
#[case(json!("{}"))]
#[case(json!("[]"))]
#[case(json!("x"))]
#[case(json!(null))]
#[case(json!({"a": 1}))]
#[case(json!(format!(r#"{{"a":"{}"}}"#, "x".repeat(8_185))))]
#[tokio::test]
async fn what_might_be_a_credential_is_not_signed(#[case] data: Value) {
    let stack = stack(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let body = json!({ "userId": login["userId"], "data": data });
    sign(&stack, &body).await.refused(400, "invalid_request");
    let audit = audit_of(&stack, &login).await;
    assert!(!audit.iter().any(|row| row["action"] == "wechat_signature"));
}

/// The credential of checksession, resetusersessionkey and getuserencryptkey is the signature of
/// the empty text. No answer holds it, whatever is asked for.
#[tokio::test]
async fn the_credential_that_resets_a_session_key_is_never_signed() {
    let stack = stack(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let credential = expected(&stack, "");
    let texts = [
        json!(""),
        json!(null),
        json!(" "),
        json!("\u{0}"),
        json!("\u{feff}"),
        json!("null"),
        json!("\"\""),
        json!("{}"),
        json!("[]"),
        json!([]),
        json!(0),
        json!({}),
        json!(false),
    ];
    let who = [
        json!({ "userId": login["userId"] }),
        json!({ "openId": login["openId"] }),
        json!({ "openId": login["openId"], "sig_method": "hmac_sha256", "checkSession": true }),
    ];
    for text in &texts {
        for who in &who {
            let mut body = who.clone();
            body["data"] = text.clone();
            let answer = sign(&stack, &body).await;
            answer.refused(400, "invalid_request");
            assert!(!answer.body.to_string().contains(&credential));
        }
    }
    for who in &who {
        let answer = sign(&stack, who).await;
        answer.refused(400, "invalid_request");
    }
    // One that is signed is no credential either, at none of the calls that take one.
    let body = json!({ "userId": login["userId"], "data": "{\"openid\":\"\",\"signature\":\"\"}" });
    let signed = sign(&stack, &body).await.data();
    let signed = signed["signature"].as_str().unwrap();
    assert_ne!(signed, credential);
    let token = stack
        .send(Method::GET, "/auth/wechat-token", Some(TOKEN_TAKER), None)
        .await
        .data();
    let token = token["accessToken"].as_str().unwrap();
    for path in [
        "/wxa/checksession",
        "/wxa/resetusersessionkey",
        "/wxa/business/getuserencryptkey",
    ] {
        let query = [
            ("access_token", token),
            ("openid", login["openId"].as_str().unwrap()),
            ("signature", signed),
            ("sig_method", "hmac_sha256"),
        ];
        let url = format!("{}{path}", stack.sandbox.base_url());
        let answer = reqwest::Client::new().get(url).query(&query).send().await;
        let answer = answer.unwrap().text().await.unwrap();
        assert!(answer.contains("87009"), "{path}: {answer}");
    }
}

async fn audit_of(stack: &Stack, login: &Value) -> Vec<Value> {
    let token = login["token"].as_str();
    let export = stack
        .send(Method::GET, "/user/me/export", token, None)
        .await;
    export.data()["audit"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn a_signature_is_audited_with_the_digest_of_the_text(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    sign(&stack, &json!({ "userId": login["userId"], "data": ORDER }))
        .await
        .data();
    let audit = audit_of(&stack, &login).await;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, ORDER.as_bytes());
    assert_eq!(audit[0]["action"], "wechat_signature");
    assert_eq!(audit[0]["actor"], "signer");
    assert_eq!(audit[0]["subject"], hex::encode(digest));
}

#[rstest]
#[tokio::test]
async fn who_is_signed_for_must_be_a_user_of_the_app_who_may_log_in(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    let with = |fields: Value| {
        let mut body = fields;
        body["data"] = json!(ORDER);
        body
    };
    for unknown_user in [
        json!({ "userId": "01a20336-9504-7268-ada3-3485505971ed" }),
        json!({ "openId": "unknown" }),
        json!({ "openId": "a\u{0}b" }),
        json!({ "userId": login["userId"], "appId": stack.app_id(1) }),
        json!({ "openId": login["openId"], "appId": stack.app_id(1) }),
    ] {
        sign(&stack, &with(unknown_user))
            .await
            .refused(404, "not_found");
    }
    for unclear in [
        json!({}),
        json!({ "userId": "", "openId": "" }),
        json!({ "userId": "x" }),
        json!({ "userId": 5 }),
        json!({ "userId": login["userId"], "openId": login["openId"] }),
    ] {
        sign(&stack, &with(unclear))
            .await
            .refused(400, "invalid_request");
    }
    let elsewhere = json!({ "userId": login["userId"], "appId": "wx0000000000000000" });
    sign(&stack, &with(elsewhere))
        .await
        .refused(400, "unknown_app");
    let disable = format!("/admin/users/{}/disable", id(&login));
    stack
        .send(Method::POST, &disable, Some(EVERYTHING), None)
        .await
        .data();
    let body = with(json!({ "userId": login["userId"] }));
    sign(&stack, &body).await.refused(403, "user_disabled");
}

#[tokio::test]
async fn a_user_whose_session_key_never_came_logs_in_first() {
    let mut stack = Stack::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = crate::admin_stack::keys();
        settings.wechat.cloud_hosting = true;
    })
    .await;
    let request = stack
        .request(Method::POST, "/user/wxlogin")
        .header("x-wx-source", "wx_client")
        .header("x-wx-appid", stack.app_id(0))
        .header("x-wx-openid", "o-named");
    let login = Answer::read(request.send().await.unwrap()).await.data();
    stack.restart().await;
    let body = json!({ "userId": login["userId"], "data": ORDER });
    sign(&stack, &body).await.refused(409, "session_key_stale");
}

#[tokio::test]
async fn a_key_signs_600_times_a_minute() {
    let stack = stack(Store::Sqlite).await;
    let body = json!({ "openId": "unknown", "data": "" });
    let mut limited = None;
    for count in 0..700 {
        let answer = sign(&stack, &body).await;
        if answer.status == 429 {
            answer.refused(429, "rate_limited");
            assert!(answer.header("retry-after").is_some());
            limited = Some(count);
            break;
        }
    }
    assert!(limited.is_some_and(|count| count >= 600), "{limited:?}");
}
