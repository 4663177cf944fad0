//! getpaidunionid, getpluginopenpid, getuserencryptkey, unknown calls.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::session::sign;
use crate::stack::{Stack, errcode, json_of, text};

#[tokio::test]
async fn a_payment_vouches_for_the_unionid_for_five_minutes() {
    let stack = Stack::open().unwrap();
    let (alice, token) = (stack.alice().unwrap(), stack.token().await.unwrap());
    let paid = alice.pay();
    let base = [("access_token", token.as_str()), ("openid", alice.openid())];
    let ask = async |order: &[(&str, &str)]| {
        let query = [&base, order].concat();
        stack.ask("/wxa/getpaidunionid", &query).await.unwrap()
    };
    let by_transaction = ask(&[("transaction_id", &paid.transaction_id)]).await;
    assert_eq!(
        text(&by_transaction, "unionid").ok(),
        alice.unionid().as_deref()
    );
    let merchant = [
        ("mch_id", &*paid.mch_id),
        ("out_trade_no", &paid.out_trade_no),
    ];
    let by_merchant = ask(&merchant).await;
    assert_eq!(by_merchant["unionid"], by_transaction["unionid"]);
    assert_eq!(errcode(&ask(&[("transaction_id", "1")]).await), Some(89300));
    assert_eq!(errcode(&ask(&[]).await), Some(89300));
    stack
        .control()
        .bind_open_platform(&stack.app.id, None)
        .unwrap();
    assert_eq!(errcode(&ask(&merchant).await), Some(89002));
    stack
        .control()
        .bind_open_platform(&stack.app.id, Some("demo"))
        .unwrap();
    stack.control().advance(Duration::from_mins(5));
    assert_eq!(errcode(&ask(&merchant).await), Some(89300));
}

#[tokio::test]
async fn a_plugin_code_becomes_an_openpid_once_and_for_its_plugin() {
    let stack = Stack::open().unwrap();
    let alice = stack.alice().unwrap();
    let (own, other) = (
        stack.token().await.unwrap(),
        stack.token_of(&stack.other_app).await.unwrap(),
    );
    let code = alice.plugin_login();
    let ask = async |token: &str, code: &str| {
        let query = [("access_token", token)];
        let body = json!({"code": code});
        stack
            .post("/wxa/getpluginopenpid", &query, &body)
            .await
            .unwrap()
    };
    assert_eq!(errcode(&ask(&own, "short").await), Some(1001));
    assert_eq!(errcode(&ask(&other, &code).await), Some(1005));
    let answer = ask(&own, &code).await;
    assert_ne!(text(&answer, "openpid").unwrap(), alice.openid());
    assert_eq!(errcode(&ask(&own, &code).await), Some(1007));
    let next = ask(&own, &alice.plugin_login()).await;
    assert_eq!(next["openpid"], answer["openpid"]);
    let late = alice.plugin_login();
    stack.control().advance(Duration::from_mins(5));
    assert_eq!(errcode(&ask(&own, &late).await), Some(1007));
    let url = stack.url("/wxa/getpluginopenpid");
    let rubbish = stack
        .client
        .post(url)
        .query(&[("access_token", &own)])
        .body("{");
    let rubbish = json_of(rubbish.send().await.unwrap()).await.unwrap();
    assert_eq!(errcode(&rubbish), Some(1022));
}

#[tokio::test]
async fn the_users_last_three_keys_come_by_get_and_post() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let alice = stack.alice().unwrap();
    let on_phone = alice.latest_user_key().unwrap();
    for _ in 0..3 {
        stack.control().advance(Duration::from_hours(1));
        alice.latest_user_key().unwrap();
    }
    stack.control().advance(Duration::from_secs(10));
    let token = stack.token().await.unwrap();
    let signature = sign(&session.key);
    let query = [
        ("access_token", token.as_str()),
        ("openid", &session.openid),
        ("signature", &signature),
        ("sig_method", "hmac_sha256"),
    ];
    let path = "/wxa/business/getuserencryptkey";
    let by_get = stack.ask(path, &query).await.unwrap();
    let by_post = stack
        .client
        .post(stack.url(path))
        .query(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(by_post).await.unwrap(), by_get);
    let list = by_get["key_info_list"].as_array().unwrap();
    let versions: Vec<_> = list
        .iter()
        .map(|key| key["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, [4, 3, 2]);
    assert_eq!(list[0]["expire_in"], 3_590);
    assert_eq!((on_phone.version, on_phone.iv.len()), (1, 16));
}

#[tokio::test]
async fn an_unknown_path_is_an_invalid_url() {
    let stack = Stack::open().unwrap();
    let answer = stack.ask("/wxa/no_such_call", &[]).await.unwrap();
    assert_eq!(errcode(&answer), Some(40066));
}

#[tokio::test]
async fn a_chunked_post_gets_an_empty_412_where_wechats_gateway_does_so() {
    let stack = Stack::with(|config| config.policy.refuse_chunked = true).unwrap();
    let mut stream = TcpStream::connect(stack.sandbox.addr()).await.unwrap();
    let request = "POST /cgi-bin/stable_token HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
                   transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 412 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let whole = stack
        .client
        .post(stack.url("/cgi-bin/stable_token"))
        .body("{}");
    assert_eq!(whole.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_left_of_the_phone_numbers_is_told_in_texts() {
    let stack = Stack::open().unwrap();
    let token = stack.token().await.unwrap();
    let query = [
        ("access_token", token.as_str()),
        ("spuId", "10000077"),
        ("offset", "0"),
        ("limit", "1"),
    ];
    let path = "/wxa/charge/usage/get";
    let answer = stack.ask(path, &query).await.unwrap();
    assert_eq!(
        (&answer["all"], &answer["effectiveUse"]),
        (&json!("1000"), &json!("0"))
    );
    let answer = stack.ask(path, &query[..3]).await.unwrap();
    assert_eq!(errcode(&answer), Some(10_120_002));
}
