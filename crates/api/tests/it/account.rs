//! Users and their own accounts.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store};

async fn edit(stack: &Stack, login: &Value, body: Value) -> Answer {
    edit_by(Method::POST, stack, login, body).await
}

async fn edit_by(method: Method, stack: &Stack, login: &Value, body: Value) -> Answer {
    stack
        .send(method, "/user/me", login["token"].as_str(), Some(&body))
        .await
}

#[rstest]
#[tokio::test]
async fn a_user_edits_what_they_show_and_sees_it_at_once(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let body = json!({
        "nickName": "小A", "avatarUrl": "https://img.example.com/a.png", "gender": 2, "city": "广州",
        "language": null, "unknown": 1,
    });
    let edited = edit(&stack, &login, body).await.data();
    let me = stack.me(&login["token"]).await.data();
    assert_eq!(edited, me);
    assert_eq!(
        (&me["nickName"], &me["gender"], &me["city"]),
        (&json!("小A"), &json!(2), &json!("广州"))
    );
    let edited = edit(&stack, &login, json!({ "gender": 0 })).await.data();
    assert_eq!(edited["nickName"], "小A");
    assert!(edited.get("gender").is_none(), "{edited:#}");
    assert_eq!(edit(&stack, &login, json!({})).await.data(), edited);
}

#[rstest]
#[tokio::test]
async fn every_method_edits_and_every_field_can_be_taken_back(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let elsewhere = stack.logged_in("alice").await;
    let empty = stack.me(&login["token"]).await.data();
    let filled = json!({
        "nickName": "小A", "avatarUrl": "https://img.example.com/a.png", "gender": 1,
        "country": "中国", "province": "广东", "city": "广州", "language": "zh_CN",
    });
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let full = edit_by(method.clone(), &stack, &login, filled.clone())
            .await
            .data();
        for (field, value) in filled.as_object().unwrap() {
            assert_eq!(full[field], *value, "{method} {field}");
        }
        assert_eq!(stack.me(&elsewhere["token"]).await.data(), full);
        for field in filled.as_object().unwrap().keys() {
            let left_out = json!({ field: null, "unknown": {} });
            assert_eq!(
                edit_by(method.clone(), &stack, &login, left_out)
                    .await
                    .data(),
                full
            );
            let without = edit_by(method.clone(), &stack, &login, json!({ field: "" }))
                .await
                .data();
            let mut expected = full.clone();
            expected.as_object_mut().unwrap().remove(field);
            assert_eq!(without, expected, "{method} {field}");
            edit_by(method.clone(), &stack, &login, filled.clone())
                .await
                .data();
        }
        let all_empty = json!({
            "nickName": "", "avatarUrl": "", "gender": 0, "country": "", "province": "",
            "city": "", "language": "",
        });
        let cleared = edit_by(method, &stack, &login, all_empty).await.data();
        assert_eq!(cleared, empty);
        assert_eq!(stack.me(&elsewhere["token"]).await.data(), empty);
    }
    assert_eq!(stack.logged_in("alice").await.get("nickName"), None);
}

/// A page that cuts a nickname at ten units may cut an emoji in two.
#[rstest]
#[tokio::test]
async fn half_an_emoji_at_the_end_of_a_nickname_is_no_reason_to_refuse_it(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    for (written, stored) in [
        (r"小明\ud83d", "小明\u{fffd}"),
        (r"\ude00小明", "\u{fffd}小明"),
        (r"小明\ud83d\ude00", "小明😀"),
    ] {
        let request = stack
            .request(Method::POST, "/user/me")
            .bearer_auth(login["token"].as_str().unwrap())
            .body(format!(r#"{{"nickName":"{written}","city":"广州"}}"#));
        let me = Answer::read(request.send().await.unwrap()).await.data();
        assert_eq!(
            (&me["nickName"], &me["city"]),
            (&json!(stored), &json!("广州"))
        );
    }
}

#[rstest]
#[case(json!({ "nickName": "x".repeat(65) }), "nickName")]
#[case(json!({ "nickName": "a\u{0}b" }), "nickName")]
#[case(json!({ "nickName": 5 }), "nickName")]
#[case(json!({ "avatarUrl": "http://img.example.com/a.png" }), "avatarUrl")]
#[case(json!({ "avatarUrl": "wxfile://tmp_1" }), "avatarUrl")]
#[case(json!({ "gender": 3 }), "gender")]
#[case(json!({ "gender": "1" }), "gender")]
#[case(json!({ "city": "x".repeat(500) }), "city")]
#[tokio::test]
async fn an_edit_that_makes_no_sense_changes_nothing(#[case] body: Value, #[case] named: &str) {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let before = stack.me(&login["token"]).await.data();
    let msg = edit(&stack, &login, body)
        .await
        .refused(400, "invalid_request");
    assert!(msg.contains(named), "{msg}");
    assert_eq!(stack.me(&login["token"]).await.data(), before);
}

#[rstest]
#[tokio::test]
async fn a_deleted_account_is_gone_and_the_next_login_is_a_new_user(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let elsewhere = stack.logged_in("alice").await;
    stack.me(&elsewhere["token"]).await.data();
    stack
        .send(Method::DELETE, "/user/me", login["token"].as_str(), None)
        .await
        .data();
    for login in [&login, &elsewhere] {
        stack
            .me(&login["token"])
            .await
            .refused(401, "session_revoked");
        let body = json!({ "refreshToken": login["refreshToken"] });
        let refresh = stack
            .send(Method::POST, "/user/refresh", None, Some(&body))
            .await;
        refresh.refused(401, "session_revoked");
    }
    let again = stack.logged_in("alice").await;
    assert_eq!(again["isNewUser"], true);
    assert_ne!(again["userId"], login["userId"]);
}

#[rstest]
#[tokio::test]
async fn an_export_shows_all_that_is_stored(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    edit(&stack, &login, json!({ "nickName": "小A" }))
        .await
        .data();
    let other_app = stack.app_id(1);
    let body = json!({ "platCode": stack.code_in("alice", &other_app), "appId": other_app });
    stack.login(&body).await.data();
    let answer = stack
        .send(
            Method::GET,
            "/user/me/export",
            login["token"].as_str(),
            None,
        )
        .await;
    let export = answer.data();
    assert_eq!(export["user"]["nickName"], "小A");
    assert_eq!(export["user"]["userId"], login["userId"]);
    assert_eq!(export["identities"].as_array().unwrap().len(), 2);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2);
    assert!(!export.to_string().contains("null"), "{export:#}");
}
