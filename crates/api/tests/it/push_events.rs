//! The events on a user's data delete what they name.

use api::settings::Secret;
use futures_util::future::join;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{OpenDataOptions, PushFormat, PushMode, UserDataEvent};

use crate::admin_stack::{ask, id, logged_in_to, seen};
use crate::push_stack::{TOKEN, path, plain, plain_stack, signed_in, stack, subscribe, taken};
use crate::stack::{Stack, Store};

/// A user with nickname, avatar and phone number. Gives their login.
async fn complete_user(stack: &Stack) -> Value {
    let login = stack.logged_in("alice").await;
    let token = login["token"].as_str();
    let profile =
        json!({ "nickName": "小A", "avatarUrl": "https://img.example.com/a.png", "city": "广州" });
    stack
        .send(Method::PATCH, "/user/me", token, Some(&profile))
        .await
        .data();
    let phone = stack.phone("alice");
    let grant = phone.phone_number(&OpenDataOptions::default()).unwrap();
    let code = json!({ "code": grant.code });
    stack
        .send(Method::POST, "/user/phone", token, Some(&code))
        .await
        .data();
    login
}

/// Which of the three the user still has.
async fn left(stack: &Stack, login: &Value) -> Vec<&'static str> {
    let me = stack.me(&login["token"]).await.data();
    assert_eq!(me["city"], "广州");
    let fields = ["nickName", "avatarUrl", "phone"];
    fields
        .into_iter()
        .filter(|field| me.get(*field).is_some())
        .collect()
}

async fn happens(stack: &Stack, event: &UserDataEvent) {
    let control = stack.sandbox.control();
    let delivery = control
        .push_event(&stack.app_id(0), "alice", event)
        .await
        .unwrap();
    assert!(
        delivery.delivered && delivery.attempts.len() == 1,
        "{delivery:?}"
    );
}

fn revoke(codes: &str) -> UserDataEvent {
    UserDataEvent::UserAuthorizationRevoke {
        revoke_info: codes.to_owned(),
    }
}

#[rstest]
#[case("6", &["phone"])]
#[case("8", &["nickName", "avatarUrl"])]
#[case("19", &["avatarUrl", "phone"])]
#[case("20", &["nickName", "phone"])]
#[case("8,19", &["avatarUrl"])]
#[case("13,1", &["nickName", "avatarUrl", "phone"])]
#[tokio::test]
async fn a_revoked_authorisation_deletes_what_its_codes_name(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[case] codes: &str,
    #[case] expected: &[&str],
) {
    let stack = stack(store).await;
    subscribe(&stack, PushMode::Safe, PushFormat::Json);
    let login = complete_user(&stack).await;
    for _ in 0..2 {
        happens(&stack, &revoke(codes)).await;
        assert_eq!(left(&stack, &login).await, expected);
    }
}

#[rstest]
#[tokio::test]
async fn every_mode_and_format_says_the_same(
    #[values(PushMode::Plain, PushMode::Compatible, PushMode::Safe)] mode: PushMode,
    #[values(PushFormat::Json, PushFormat::Xml)] format: PushFormat,
) {
    let stack = match mode {
        PushMode::Plain => plain_stack(Store::Sqlite).await,
        _ => stack(Store::Sqlite).await,
    };
    subscribe(&stack, mode, format);
    let login = complete_user(&stack).await;
    happens(&stack, &UserDataEvent::UserInfoModified).await;
    assert_eq!(left(&stack, &login).await, ["phone"]);
    happens(&stack, &revoke("8")).await;
    assert_eq!(left(&stack, &login).await, [""; 0]);
    happens(&stack, &UserDataEvent::UserAuthorizationCancellation).await;
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
}

#[rstest]
#[tokio::test]
async fn a_cancelled_account_is_deleted_and_its_sessions_end_at_once(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    subscribe(&stack, PushMode::Safe, PushFormat::Xml);
    let login = complete_user(&stack).await;
    happens(&stack, &UserDataEvent::UserAuthorizationCancellation).await;
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    ask(&stack, Method::GET, &format!("/admin/users/{}", id(&login)))
        .await
        .refused(404, "not_found");
    happens(&stack, &UserDataEvent::UserAuthorizationCancellation).await;
    let back = stack.logged_in("alice").await;
    assert_eq!(back["isNewUser"], true);
    assert!(stack.me(&back["token"]).await.data().get("phone").is_none());
}

#[rstest]
#[tokio::test]
async fn a_message_that_wechat_repeats_leaves_alone_what_came_after_it(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = plain_stack(store).await;
    let login = stack.logged_in("alice").await;
    let now = crate::push_stack::now();
    let cancelled = json!({
        "FromUserName": login["openId"], "CreateTime": now, "MsgType": "event",
        "Event": "user_authorization_cancellation", "OpenID": login["openId"],
    });
    taken(&plain(&stack, cancelled.to_string()).await);
    let back = stack.logged_in("alice").await;
    assert_eq!(back["isNewUser"], true);
    taken(&plain(&stack, cancelled.to_string()).await);
    stack.me(&back["token"]).await.data();

    let mut later = cancelled.clone();
    later["CreateTime"] = json!(now + 1);
    taken(&plain(&stack, later.to_string()).await);
    stack
        .me(&back["token"])
        .await
        .refused(401, "session_revoked");
}

#[rstest]
#[tokio::test]
async fn a_cancellation_in_one_app_leaves_the_user_in_the_other(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    subscribe(&stack, PushMode::Safe, PushFormat::Json);
    let here = complete_user(&stack).await;
    let there = logged_in_to(&stack, "alice", 1).await;
    assert_eq!(id(&here), id(&there));
    happens(&stack, &UserDataEvent::UserAuthorizationCancellation).await;
    stack
        .me(&here["token"])
        .await
        .refused(401, "session_revoked");
    stack.me(&there["token"]).await.data();
    let user = seen(&stack, &format!("/admin/users/{}", id(&there))).await;
    let identities = user["identities"].as_array().unwrap();
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0]["appId"], stack.app_id(1));
}

#[rstest]
#[tokio::test]
async fn the_same_event_twice_at_once_is_taken_twice(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values("user_authorization_revoke", "user_authorization_cancellation")] event: &str,
) {
    let stack = plain_stack(store).await;
    let login = complete_user(&stack).await;
    let message = json!({ "Event": event, "OpenID": login["openId"], "RevokeInfo": "6,8" });
    let push = || plain(&stack, message.to_string());
    let (one, other) = join(push(), push()).await;
    taken(&one);
    taken(&other);
    if event == "user_authorization_revoke" {
        assert_eq!(left(&stack, &login).await, [""; 0]);
    } else {
        stack
            .me(&login["token"])
            .await
            .refused(401, "session_revoked");
    }
}

#[rstest]
#[case::as_documented(
    r#"{" OpenID":"OPENID"," AppID":"x"," RevokeInfo":"6","Event":"user_authorization_revoke"}"#
)]
#[case::list(r#"{"OpenID":"OPENID","RevokeInfo":["6",13],"Event":"user_authorization_revoke"}"#)]
#[case::xml_list(
    "<xml><OpenID>OPENID</OpenID><RevokeInfo>13</RevokeInfo><RevokeInfo>6</RevokeInfo><Event>user_authorization_revoke</Event></xml>"
)]
#[case::nested_list(
    "<xml><OpenID>OPENID</OpenID><RevokeInfo><item>13</item><item>6</item></RevokeInfo><Event>user_authorization_revoke</Event></xml>"
)]
#[case::odd_bytes(
    "{\"NickName\":\"a\u{7}\",\"OpenID\":\"OPENID\",\"RevokeInfo\":6,\"Event\":\"user_authorization_revoke\"}"
)]
#[case::number(r#"{"OpenID":"OPENID","RevokeInfo":6,"Event":"user_authorization_revoke"}"#)]
#[case::other_case(r#"{"openid":"OPENID","revokeinfo":"6","event":"USER_AUTHORIZATION_REVOKE"}"#)]
#[case::sender(r#"{"FromUserName":"OPENID","Event":"user_info_modified"}"#)]
#[case::empty_openid(r#"{"FromUserName":"OPENID","OpenID":"","Event":"user_info_modified"}"#)]
#[case::xml(
    "<xml><FromUserName>x</FromUserName><OpenID><![CDATA[OPENID]]></OpenID><RevokeInfo>6</RevokeInfo><Event>user_authorization_revoke</Event></xml>"
)]
#[tokio::test]
async fn a_message_is_understood_in_each_of_its_spellings(#[case] message: &str) {
    let stack = plain_stack(Store::Sqlite).await;
    let login = complete_user(&stack).await;
    let message = message.replace("OPENID", login["openId"].as_str().unwrap());
    taken(&plain(&stack, message).await);
    assert_eq!(left(&stack, &login).await, ["phone"]);
}

#[rstest]
#[tokio::test]
async fn an_unknown_user_is_no_failure(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = plain_stack(store).await;
    let login = complete_user(&stack).await;
    for event in [
        "user_info_modified",
        "user_authorization_revoke",
        "user_authorization_cancellation",
    ] {
        for open_id in ["unknown", "", "a\u{0}b", &"x".repeat(5_000)] {
            let message = json!({ "Event": event, "OpenID": open_id, "RevokeInfo": "6" });
            taken(&plain(&stack, message.to_string()).await);
        }
    }
    assert_eq!(left(&stack, &login).await.len(), 3);
}

#[tokio::test]
async fn a_forged_event_deletes_nothing() {
    let stack = plain_stack(Store::Sqlite).await;
    let login = complete_user(&stack).await;
    let message = json!({ "Event": "user_authorization_cancellation", "OpenID": login["openId"] });
    let forged = format!(
        "{}?{}",
        path(&stack),
        signed_in(0).replace("signature=", "signature=0")
    );
    let answer = stack
        .send(Method::POST, &forged, None, Some(&message))
        .await;
    answer.refused(403, "forbidden");
    assert_eq!(left(&stack, &login).await.len(), 3);
}

#[tokio::test]
async fn while_the_database_is_away_wechat_is_told_to_come_again() {
    let database = testpg::database().unwrap();
    let url = Secret::new(database.url());
    // The database of the stack stays unused; this one goes away under it.
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.database.url = url;
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
    })
    .await;
    let login = stack.logged_in("alice").await;
    drop(database);
    let message = json!({ "Event": "user_info_modified", "OpenID": login["openId"] });
    let answer = plain(&stack, message.to_string()).await;
    answer.refused(503, "storage_unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn what_wechat_asks_for_is_in_the_audit_log() {
    let stack = plain_stack(Store::Sqlite).await;
    let login = complete_user(&stack).await;
    let message = json!({ "Event": "user_info_modified", "OpenID": login["openId"] });
    taken(&plain(&stack, message.to_string()).await);
    let token = login["token"].as_str();
    let export = stack
        .send(Method::GET, "/user/me/export", token, None)
        .await
        .data();
    let entry = &export["audit"][0];
    assert_eq!(
        (&entry["actor"], &entry["action"]),
        (&json!("wechat"), &json!("withdraw"))
    );
}

#[rstest]
#[tokio::test]
async fn a_disabled_user_who_withdraws_at_wechat_stays_shut_out(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    subscribe(&stack, PushMode::Safe, PushFormat::Json);
    let login = stack.logged_in("alice").await;
    let disable = format!("/admin/users/{}/disable", id(&login));
    ask(&stack, Method::POST, &disable).await.data();
    happens(&stack, &UserDataEvent::UserAuthorizationCancellation).await;
    let user = format!("/admin/users/{}", id(&login));
    ask(&stack, Method::GET, &user)
        .await
        .refused(404, "not_found");
    for app in 0..2 {
        let app_id = stack.app_id(app);
        let body = json!({ "platCode": stack.code_in("alice", &app_id), "appId": app_id });
        stack.login(&body).await.refused(403, "user_disabled");
    }
    let bans = seen(&stack, "/admin/bans").await;
    assert_eq!(bans["items"][0]["userId"], login["userId"]);
}
