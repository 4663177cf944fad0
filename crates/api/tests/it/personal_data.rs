//! Phone numbers and open data of users who are logged in.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{OpenDataOptions, PhoneNumber, ProfileKind};

use crate::stack::{Answer, Stack, Store, soon};

async fn post(stack: &Stack, path: &str, login: &Value, body: &Value) -> Answer {
    stack
        .send(Method::POST, path, login["token"].as_str(), Some(body))
        .await
}

#[rstest]
#[tokio::test]
async fn a_phone_code_gives_the_number_in_e164(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("carol").await;
    let grant = stack
        .phone("carol")
        .phone_number(&OpenDataOptions::default())
        .unwrap();
    let body = json!({ "code": grant.code });
    let user = post(&stack, "/user/phone", &login, &body).await.data();
    assert_eq!(user["phone"], "+85251234567");
    assert_eq!(
        stack.me(&login["token"]).await.data()["phone"],
        "+85251234567"
    );
    post(&stack, "/user/phone", &login, &body)
        .await
        .refused(400, "phone_code_invalid");
}

#[rstest]
#[tokio::test]
async fn a_users_number_is_looked_up_five_times_a_day_by_all_replicas_together(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let replica = stack.replica().await;
    let alice = stack.logged_in("alice").await;
    let bob = stack.logged_in("bob").await;
    let code = |stack: &Stack, user: &str| {
        let phone = stack.phone(user);
        let grant = phone.phone_number(&OpenDataOptions::default()).unwrap();
        json!({ "code": grant.code })
    };
    let path = "/user/phone";
    let token = alice["token"].as_str();
    for _ in 0..2 {
        let own = code(&stack, "alice");
        post(&stack, path, &alice, &own).await.data();
        // A code that gives no number costs nothing.
        let again = post(&stack, path, &alice, &own).await;
        again.refused(400, "phone_code_invalid");
        let own = code(&stack, "alice");
        let there = replica.send(Method::POST, path, token, Some(&own)).await;
        there.data();
    }
    stack.restart().await;
    let (fifth, sixth) = (code(&stack, "alice"), code(&stack, "alice"));
    post(&stack, path, &alice, &fifth).await.data();
    let refused = post(&stack, path, &alice, &sixth).await;
    refused.refused(429, "rate_limited");
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=24 * 60 * 60).contains(&wait), "{wait}");
    let theirs = code(&stack, "bob");
    post(&stack, path, &bob, &theirs).await.data();
}

#[tokio::test]
async fn another_persons_phone_code_is_refused() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let grant = stack
        .phone("bob")
        .phone_number(&OpenDataOptions::default())
        .unwrap();
    let answer = post(
        &stack,
        "/user/phone",
        &login,
        &json!({ "code": grant.code }),
    )
    .await;
    answer.refused(400, "phone_code_invalid");
    assert!(
        stack
            .me(&login["token"])
            .await
            .data()
            .get("phone")
            .is_none()
    );
}

#[rstest]
#[tokio::test]
async fn encrypted_phone_data_gives_the_number_too(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let grant = stack
        .phone("alice")
        .phone_number(&OpenDataOptions::default())
        .unwrap();
    let data = grant.encrypted.unwrap();
    let body = json!({ "encryptedData": data.encrypted_data, "iv": data.iv });
    let user = post(&stack, "/user/phone", &login, &body).await.data();
    assert_eq!(user["phone"], "+8613800138000");
}

/// Each code costs money, so it is tried whatever stands beside it.
#[rstest]
#[case(json!({ "encryptedData": "", "iv": "" }))]
#[case(json!({ "encryptedData": "undefined", "iv": "undefined" }))]
#[case(json!({ "encryptedData": "null", "iv": null }))]
#[case(json!({ "encryptedData": "QUJD" }))]
#[case(json!({ "encryptedData": "A B", "iv": "!" }))]
#[case(json!({ "encryptedData": 5, "iv": ["x"], "cloudID": {}, "errMsg": "getPhoneNumber:ok" }))]
#[tokio::test]
async fn beside_a_phone_code_nothing_else_matters(#[case] mut body: Value) {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let grant = stack
        .phone("alice")
        .phone_number(&OpenDataOptions::default())
        .unwrap();
    body["code"] = json!(grant.code);
    let user = post(&stack, "/user/phone", &login, &body).await.data();
    assert_eq!(
        (&user["phone"], &user["phoneBound"]),
        (&json!("+8613800138000"), &json!(true))
    );
    let me = stack.me(&login["token"]).await.data();
    assert_eq!(me["phoneBound"], true);
    assert_eq!(stack.logged_in("alice").await["phoneBound"], true);
}

#[rstest]
#[tokio::test]
async fn encrypted_phone_data_counts_where_the_code_is_none(
    #[values("", "undefined", "null")] code: &str,
) {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let grant = stack
        .phone("alice")
        .phone_number(&OpenDataOptions::default())
        .unwrap();
    let data = grant.encrypted.unwrap();
    let body = json!({ "code": code, "encryptedData": data.encrypted_data, "iv": data.iv });
    let user = post(&stack, "/user/phone", &login, &body).await.data();
    assert_eq!(user["phone"], "+8613800138000");
}

/// The code is spent by then, so no form of a number may lose it.
#[rstest]
#[case("+86", "138 0013 8000", "+8613800138000")]
#[case(" 86", "13800138000", "+8613800138000")]
#[case("44", "07911123456", "+447911123456")]
#[case("86", "14912345678", "+8614912345678")]
#[tokio::test]
async fn a_number_is_kept_however_it_is_written(
    #[case] country_code: &str,
    #[case] number: &str,
    #[case] expected: &str,
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let bound = PhoneNumber {
        country_code: country_code.to_owned(),
        number: number.to_owned(),
    };
    let control = stack.sandbox.control();
    control
        .change_user("alice", |user| user.phone = Some(bound))
        .unwrap();
    for by_code in [true, false] {
        let login = stack.logged_in("alice").await;
        let grant = stack
            .phone("alice")
            .phone_number(&OpenDataOptions::default())
            .unwrap();
        let data = grant.encrypted.unwrap();
        let body = if by_code {
            json!({ "code": grant.code })
        } else {
            json!({ "encryptedData": data.encrypted_data, "iv": data.iv })
        };
        let user = post(&stack, "/user/phone", &login, &body).await.data();
        assert_eq!(user["phone"], expected);
    }
}

#[rstest]
#[tokio::test]
async fn open_data_of_any_kind_is_opened_with_any_of_the_last_three_keys(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let phone = stack.phone("alice");
    let fresh_login = async || {
        let body = json!({ "platCode": phone.login_with_fresh_key().unwrap() });
        stack.login(&body).await.data()
    };
    let first = fresh_login().await;
    let info = phone
        .profile(ProfileKind::UserInfo, &OpenDataOptions::default())
        .unwrap();
    let body = json!({ "encryptedData": info.encrypted_data, "iv": info.iv });
    for _ in 0..2 {
        let opened = post(&stack, "/user/opendata", &first, &body).await.data();
        assert_eq!(opened["openId"], first["openId"]);
        assert_eq!(opened["watermark"]["appid"], stack.app_id(0));
        fresh_login().await;
    }
    post(&stack, "/user/opendata", &first, &body).await.data();
    fresh_login().await;
    post(&stack, "/user/opendata", &first, &body)
        .await
        .refused(409, "session_key_stale");
}

#[tokio::test]
async fn a_caller_with_a_session_learns_why_data_is_refused() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let reason = async |encrypted_data: &str, iv: &str| {
        let body = json!({ "encryptedData": encrypted_data, "iv": iv });
        let answer = post(&stack, "/user/opendata", &login, &body).await;
        answer.refused(400, "open_data_invalid");
        answer.body["reason"].clone()
    };
    let of = |options: OpenDataOptions| {
        let info = stack
            .phone("alice")
            .profile(ProfileKind::UserInfo, &options)
            .unwrap();
        (info.encrypted_data, info.iv)
    };
    assert_eq!(reason("QUJD", "QUJD").await, "malformed");
    let (data, iv) = of(OpenDataOptions {
        watermark_shift_s: -400,
        ..OpenDataOptions::default()
    });
    assert_eq!(reason(&data, &iv).await, "too_old");
    let foreign = Some(String::from("wx0000000000000000"));
    let (data, iv) = of(OpenDataOptions {
        watermark_app_id: foreign,
        ..OpenDataOptions::default()
    });
    assert_eq!(reason(&data, &iv).await, "other_app");
}

#[tokio::test]
async fn whether_the_kept_session_key_is_current_is_asked_at_wechat() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let valid = async || {
        let answer = stack
            .send(Method::GET, "/user/session", login["token"].as_str(), None)
            .await;
        answer.data()["sessionKeyValid"].clone()
    };
    assert_eq!(valid().await, true);
    stack
        .sandbox
        .control()
        .replace_session_key("alice", &stack.app_id(0))
        .unwrap();
    assert_eq!(valid().await, false);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    for (path, body, named) in [
        ("/user/phone", json!({}), "code"),
        ("/user/phone", json!({ "encryptedData": "QUJD" }), "iv"),
        ("/user/phone", json!({ "code": "" }), "code"),
        (
            "/user/phone",
            json!({ "encryptedData": "", "iv": "" }),
            "code",
        ),
        (
            "/user/phone",
            json!({ "encryptedData": 5, "iv": "QUJD" }),
            "encryptedData",
        ),
        ("/user/phone", json!({ "code": 5 }), "code"),
        ("/user/opendata", json!({}), "encryptedData"),
        (
            "/user/opendata",
            json!({ "encryptedData": "", "iv": "" }),
            "encryptedData",
        ),
        (
            "/user/opendata",
            json!({ "encryptedData": "A B", "iv": "QUJD" }),
            "空格",
        ),
    ] {
        let msg = post(&stack, path, &login, &body)
            .await
            .refused(400, "invalid_request");
        assert!(msg.contains(named), "{path} {msg}");
    }
}

#[tokio::test]
async fn after_a_lookup_a_metric_tells_how_many_phone_numbers_are_left() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let (_, before) = stack.ops("/metrics").await;
    assert!(!before.contains("wechat_phone_numbers_left{"), "{before}");
    let phone = stack.phone("alice");
    let code = phone
        .phone_number(&OpenDataOptions::default())
        .unwrap()
        .code;
    let body = json!({ "code": code });
    post(&stack, "/user/phone", &login, &body).await.data();
    let line = |spu| {
        let app = stack.app_id(0);
        format!("wechat_phone_numbers_left{{app=\"{app}\",spu=\"{spu}\"}} 1000")
    };
    soon("the metric", || async {
        let (_, metrics) = stack.ops("/metrics").await;
        let is_told = |spu| metrics.contains(&line(spu));
        (is_told("10000077") && is_told("10000086")).then_some(())
    })
    .await;
}
