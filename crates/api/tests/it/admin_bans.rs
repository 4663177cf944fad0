//! Bans that outlive the account.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_stack::{READER, WRITER, ask, id, logged_in_to, seen, stack};
use crate::stack::{Answer, Stack, Store};

/// How an account comes to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    ByTheOperator,
    ByThePerson,
}

async fn attempt(stack: &Stack, user: &str, app: usize) -> Answer {
    let app_id = stack.app_id(app);
    let body = json!({ "platCode": stack.code_in(user, &app_id), "appId": app_id });
    stack.login(&body).await
}

async fn act(stack: &Stack, method: Method, user: &Value, action: &str) -> Value {
    let path = format!("/admin/users/{}{action}", id(user));
    ask(stack, method, &path).await.data()
}

async fn bans(stack: &Stack) -> Vec<Value> {
    let data = seen(stack, "/admin/bans").await;
    data["items"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn a_ban_ends_by_the_operators_word_alone(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = logged_in_to(&stack, "alice", 0).await;
    act(&stack, Method::POST, &login, "/disable").await;
    act(&stack, Method::DELETE, &login, "").await;

    // The same person in the same app, and in another of the same platform.
    for app in [0, 1] {
        attempt(&stack, "alice", app)
            .await
            .refused(403, "user_disabled");
    }
    logged_in_to(&stack, "bob", 0).await;
    let open_id = login["openId"].as_str().unwrap();
    let found = seen(&stack, &format!("/admin/users?openId={open_id}")).await;
    assert_eq!(found["items"], json!([]));

    let found = bans(&stack).await;
    assert_eq!(found.len(), 1);
    let ban = &found[0];
    assert_eq!(ban["userId"], login["userId"]);
    assert_eq!(ban["appIds"], json!([stack.app_id(0)]));
    ban["at"]
        .as_str()
        .unwrap()
        .parse::<jiff::Timestamp>()
        .unwrap();
    let text = Value::from(found.clone()).to_string();
    for personal in ["openId", "unionId"] {
        assert!(!text.contains(login[personal].as_str().unwrap()), "{text}");
    }
    let path = format!("/admin/bans/{}", ban["id"].as_str().unwrap());
    stack
        .send(Method::DELETE, &path, Some(READER), None)
        .await
        .refused(403, "forbidden");
    stack
        .send(Method::DELETE, &path, Some(WRITER), None)
        .await
        .data();
    ask(&stack, Method::DELETE, &path)
        .await
        .refused(404, "not_found");
    assert!(bans(&stack).await.is_empty());
    let back = logged_in_to(&stack, "alice", 0).await;
    assert_eq!(back["isNewUser"], true);
    assert_ne!(id(&back), id(&login));

    let audit = seen(&stack, &format!("/admin/audit?userId={}", id(&login))).await;
    let rows = audit["items"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| (row["action"].as_str(), row["actor"].as_str()))
        .collect();
    let expected = [
        ("lift_ban", "writer"),
        ("delete_user", "key-1"),
        ("disable_user", "key-1"),
    ];
    assert_eq!(
        rows,
        expected.map(|(action, actor)| (Some(action), Some(actor)))
    );
    assert_eq!(audit["items"][0]["subject"], ban["id"]);
}

#[rstest]
#[tokio::test]
async fn who_is_enabled_before_the_deletion_is_not_banned(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(End::ByTheOperator, End::ByThePerson)] end: End,
) {
    let stack = stack(store).await;
    let login = logged_in_to(&stack, "alice", 0).await;
    act(&stack, Method::POST, &login, "/disable").await;
    act(&stack, Method::POST, &login, "/enable").await;
    let login = logged_in_to(&stack, "alice", 0).await;
    match end {
        End::ByTheOperator => drop(act(&stack, Method::DELETE, &login, "").await),
        End::ByThePerson => {
            let token = login["token"].as_str();
            let deleted = stack.send(Method::DELETE, "/user/me", token, None).await;
            deleted.data();
        }
    }
    assert!(bans(&stack).await.is_empty());
    assert_eq!(logged_in_to(&stack, "alice", 0).await["isNewUser"], true);
}

#[rstest]
#[tokio::test]
async fn a_person_who_deletes_themselves_while_being_banned_is_banned_or_unknown(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = logged_in_to(&stack, "alice", 0).await;
    let disable = format!("/admin/users/{}/disable", id(&login));
    let (disabled, deleted) = futures_util::future::join(
        ask(&stack, Method::POST, &disable),
        stack.send(Method::DELETE, "/user/me", login["token"].as_str(), None),
    )
    .await;
    // At least one of the two succeeds: both do if one follows the other.
    assert!(disabled.status.is_success() || deleted.status.is_success());
    let back = attempt(&stack, "alice", 0).await;
    if disabled.status.is_success() {
        back.refused(403, "user_disabled");
    } else {
        disabled.refused(404, "not_found");
        back.data();
    }
}

#[rstest]
#[tokio::test]
async fn the_audit_log_is_read_newest_first_page_by_page(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let users = ["alice", "bob"];
    let mut expected = Vec::new();
    for user in users {
        let login = logged_in_to(&stack, user, 0).await;
        for action in ["/disable", "/enable", "/disable"] {
            act(&stack, Method::POST, &login, action).await;
            expected.push((id(&login).to_owned(), format!("{}_user", &action[1..])));
        }
    }
    expected.reverse();
    let mut read = Vec::new();
    let mut path = String::from("/admin/audit?limit=4");
    loop {
        let data = seen(&stack, &path).await;
        for row in data["items"].as_array().unwrap() {
            assert_eq!(row["actor"], "key-1");
            assert_eq!(row["fromIp"], "127.0.0.1");
            row["at"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap();
            read.push((
                id(row).to_owned(),
                row["action"].as_str().unwrap().to_owned(),
            ));
        }
        let Some(cursor) = data.get("nextCursor") else {
            break;
        };
        path = format!("/admin/audit?limit=4&cursor={}", cursor.as_str().unwrap());
    }
    assert_eq!(read, expected);
    let enabled = seen(&stack, "/admin/audit?action=enable_user").await;
    assert_eq!(enabled["items"].as_array().unwrap().len(), 2);
    let path = format!("/admin/audit?action=enable_user&userId={}", expected[0].0);
    assert_eq!(
        seen(&stack, &path).await["items"].as_array().unwrap().len(),
        1
    );
}
