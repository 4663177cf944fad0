//! Logging in, with the code alone.

use std::collections::HashSet;

use api::settings::Secret;
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{OpenDataOptions, ProfileKind};

use crate::stack::{Answer, Stack, Store};

#[rstest]
#[tokio::test]
async fn a_code_alone_logs_in(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = Stack::new(store).await;
    let answer = stack
        .login(&json!({ "platCode": stack.code("alice") }))
        .await;
    assert_eq!(answer.body["msg"], "登录成功");
    let data = answer.data();
    let phone = stack.phone("alice");
    assert_eq!(data["openId"], phone.openid());
    assert_eq!(data["unionId"], json!(phone.unionid()));
    assert_eq!(
        (&data["isNewUser"], &data["tokenType"]),
        (&json!(true), &json!("Bearer"))
    );
    assert_eq!(
        (&data["expiresIn"], &data["refreshExpiresIn"]),
        (&json!(900), &json!(2_592_000))
    );
    assert!(data["token"].is_string() && data["refreshToken"].is_string());
    assert!(
        data.get("nickName").is_none() && data.get("watermark").is_none(),
        "{data:#}"
    );
}

#[rstest]
#[tokio::test]
async fn the_same_person_is_the_same_user_also_after_a_restart(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let first = stack.logged_in("alice").await;
    let again = stack.logged_in("alice").await;
    stack.restart().await;
    let later = stack.logged_in("alice").await;
    assert_eq!(
        (&again["userId"], &later["userId"]),
        (&first["userId"], &first["userId"])
    );
    assert_eq!(
        (&again["isNewUser"], &later["isNewUser"]),
        (&json!(false), &json!(false))
    );
    assert_ne!(stack.logged_in("bob").await["userId"], first["userId"]);
    stack.me(&first["token"]).await.data();
}

#[rstest]
#[tokio::test]
async fn first_logins_at_once_make_one_user(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let logins = join_all((0..32).map(|_| stack.logged_in("alice"))).await;
    let users: HashSet<&str> = logins
        .iter()
        .filter_map(|data| data["userId"].as_str())
        .collect();
    assert_eq!(users.len(), 1);
    let tokens: HashSet<&str> = logins
        .iter()
        .filter_map(|data| data["token"].as_str())
        .collect();
    assert_eq!(tokens.len(), 32);
}

#[rstest]
#[tokio::test]
async fn a_get_with_the_same_body_logs_in_too(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let body = json!({ "platCode": stack.code("alice") });
    stack
        .send(Method::GET, "/user/wxlogin", None, Some(&body))
        .await
        .data();
}

#[rstest]
#[tokio::test]
async fn a_get_may_carry_the_fields_in_its_query(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let get = async |query: &[(&str, &str)]| {
        let request = stack.request(Method::GET, "/user/wxlogin").query(query);
        // As wx.request sends it, whatever the method.
        let request = request.header("content-type", "application/json");
        Answer::read(request.send().await.unwrap()).await
    };
    let code = stack.code("alice");
    let nonce = "0123456789abcdef";
    let plain = [
        ("platCode", code.as_str()),
        ("nonce", nonce),
        ("unknown", "[object Object]"),
    ];
    let first = get(&plain).await.data();
    let repeated = get(&plain).await.data();
    assert_eq!(repeated["userId"], first["userId"]);
    get(&plain[..1]).await.refused(401, "code_invalid");

    let phone = stack.phone("alice");
    let code = phone.login().unwrap();
    let info = phone
        .profile(ProfileKind::UserInfo, &OpenDataOptions::default())
        .unwrap();
    let map = json!({
        "encryptedData": info.encrypted_data, "iv": info.iv,
        "rawData": info.raw_data, "signature": info.signature,
    })
    .to_string();
    let (app_id, empty) = (stack.app_id(0), "");
    let query = [
        ("platCode", code.as_str()),
        ("platUserInfoMap", &map),
        ("appId", &app_id),
        ("nonce", empty),
    ];
    assert_eq!(get(&query).await.data()["nickName"], "爱丽丝 Alice");

    for absent in ["", "null", "undefined", "{}"] {
        let code = stack.code("alice");
        let query = [
            ("platCode", code.as_str()),
            ("platUserInfoMap", absent),
            ("appId", absent),
        ];
        let query = if absent == "{}" { &query[..2] } else { &query };
        get(query).await.data();
    }
    for (query, named) in [
        (&[][..], "platCode"),
        (&[("nonce", nonce)], "platCode"),
        (&[("platCode", "undefined"), ("nonce", nonce)], "platCode"),
        (
            &[("platCode", "x"), ("platUserInfoMap", "[object Object]")],
            "platUserInfoMap",
        ),
        (
            &[("platCode", "x"), ("platUserInfoMap", "[]")],
            "platUserInfoMap",
        ),
        (&[("platCode", "x"), ("nonce", "short")], "nonce"),
    ] {
        let msg = get(query).await.refused(400, "invalid_request");
        assert!(msg.contains(named), "{query:?} {msg}");
    }
    let body = json!({ "platCode": stack.code("bob") });
    let request = stack
        .request(Method::GET, "/user/wxlogin?platCode=x")
        .json(&body);
    Answer::read(request.send().await.unwrap()).await.data();
}

/// Front ends write `x || ''`.
#[rstest]
#[case(json!({ "nonce": "" }))]
#[case(json!({ "appId": "" }))]
#[case(json!({ "platUserInfoMap": "" }))]
#[case(json!({ "platUserInfoMap": null, "nonce": null, "appId": null }))]
#[case(json!({ "platUserInfoMap": {} }))]
#[case(json!({ "platUserInfoMap": { "encryptedData": "", "iv": "", "rawData": "", "signature": "" } }))]
#[case(json!({ "platUserInfoMap": { "encryptedData": "", "iv": null, "signature": "" }, "nonce": "", "appId": "" }))]
#[tokio::test]
async fn an_empty_text_is_as_absent(#[case] mut body: Value) {
    let stack = Stack::new(Store::Sqlite).await;
    body["platCode"] = json!(stack.code("alice"));
    let data = stack.login(&body).await.data();
    assert_eq!(data["phoneBound"], false);
}

#[tokio::test]
async fn an_empty_text_beside_a_full_one_is_a_missing_field() {
    let stack = Stack::new(Store::Sqlite).await;
    for (map, missing) in [
        (json!({ "encryptedData": "QUJD", "iv": "" }), "iv"),
        (
            json!({ "encryptedData": "", "iv": "QUJD" }),
            "encryptedData",
        ),
        (json!({ "rawData": "{}", "signature": "" }), "signature"),
        (json!({ "rawData": "", "signature": "ab" }), "rawData"),
    ] {
        let body = json!({ "platCode": "x", "platUserInfoMap": map });
        let msg = stack.login(&body).await.refused(400, "invalid_request");
        assert!(msg.contains(missing), "{msg}");
    }
}

#[tokio::test]
async fn a_body_without_content_type_is_taken_as_json() {
    let stack = Stack::new(Store::Sqlite).await;
    let body =
        json!({ "platCode": stack.code("alice"), "unknown": [1], "appId": null }).to_string();
    let response = stack
        .request(Method::POST, "/user/wxlogin")
        .body(body)
        .send()
        .await
        .unwrap();
    Answer::read(response).await.data();
}

#[tokio::test]
async fn a_code_that_wechat_refuses_is_a_401() {
    let stack = Stack::new(Store::Sqlite).await;
    let mock = stack
        .login(&json!({ "platCode": "the code is a mock one" }))
        .await;
    mock.refused(401, "code_invalid");
    assert_eq!(mock.header("www-authenticate"), Some("Bearer"));
    let of_another_app = stack.code_in("alice", &stack.app_id(1));
    stack
        .login(&json!({ "platCode": of_another_app }))
        .await
        .refused(401, "code_invalid");
}

#[rstest]
#[tokio::test]
async fn one_person_in_two_apps_of_an_open_platform_is_one_user(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let first = stack.logged_in("alice").await;
    let other_app = stack.app_id(1);
    let body = json!({ "platCode": stack.code_in("alice", &other_app), "appId": other_app });
    let second = stack.login(&body).await.data();
    assert_eq!(
        (&second["userId"], &second["unionId"]),
        (&first["userId"], &first["unionId"])
    );
    assert_ne!(second["openId"], first["openId"]);
    assert_eq!(second["isNewUser"], false);
}

#[tokio::test]
async fn the_app_is_the_one_named_or_the_one_in_the_referer() {
    let stack = Stack::new(Store::Sqlite).await;
    let other_app = stack.app_id(1);
    let from_page = |app: &str| {
        let page = format!("https://servicewechat.com/{app}/devtools/page-frame.html");
        stack
            .request(Method::POST, "/user/wxlogin")
            .header("referer", page)
    };
    let body = json!({ "platCode": stack.code_in("alice", &other_app) });
    Answer::read(from_page(&other_app).json(&body).send().await.unwrap())
        .await
        .data();
    let code = stack.code("alice");
    let body = json!({ "platCode": code });
    let stranger = from_page("wx0000000000000000").json(&body).send().await;
    Answer::read(stranger.unwrap())
        .await
        .refused(400, "unknown_app");
    let named = json!({ "platCode": code, "appId": stack.app_id(0) });
    let stranger = from_page("wx0000000000000000").json(&named).send().await;
    Answer::read(stranger.unwrap()).await.data();
    let body = json!({ "platCode": stack.code("alice"), "appId": "wx0000000000000000" });
    stack.login(&body).await.refused(400, "unknown_app");
}

#[rstest]
#[tokio::test]
async fn the_service_starts_without_wechat_and_says_so(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::with(store, |settings| {
        settings.wechat.base_url = Some(api::settings::HttpUrl(
            "http://127.0.0.1:9".parse().unwrap(),
        ));
    })
    .await;
    let answer = stack
        .login(&json!({ "platCode": "021ByuFs0fNXie1T5lJs0IwBFs0ByuF1" }))
        .await;
    answer.refused(503, "wechat_unavailable");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(answer.body["retryAfter"], wait);
    assert_eq!(stack.ops("/health/ready").await.0, StatusCode::OK);
    assert_eq!(stack.ops("/health/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_reset_app_secret_costs_no_login_if_both_are_configured() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        let old = std::mem::take(&mut settings.apps[0].secret);
        settings.apps[0].secrets = vec![Secret::new("0".repeat(32)), old];
    })
    .await;
    stack.logged_in("alice").await;
    stack.logged_in("bob").await;
}
