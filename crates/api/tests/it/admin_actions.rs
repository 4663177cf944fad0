//! What the support desk does to users.

use futures_util::future::{join, join_all};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_stack::{ask, id, seen, stack};
use crate::stack::{Answer, Stack, Store};

async fn act(stack: &Stack, method: Method, user: &Value, action: &str) -> Answer {
    let path = format!("/admin/users/{}{action}", id(user));
    ask(stack, method, &path).await
}

#[rstest]
#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_stays_out_until_enabled(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    // Remembered by the replica, so that forgetting is needed.
    stack.me(&login["token"]).await.data();

    let disabled = act(&stack, Method::POST, &login, "/disable").await.data();
    let since = disabled["disabledAt"].as_str().unwrap();
    since.parse::<jiff::Timestamp>().unwrap();
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    let attempt = json!({ "platCode": stack.code("alice") });
    stack.login(&attempt).await.refused(403, "user_disabled");
    let refresh = json!({ "refreshToken": login["refreshToken"] });
    stack
        .send(Method::POST, "/user/refresh", None, Some(&refresh))
        .await
        .refused(401, "session_revoked");

    let again = act(&stack, Method::POST, &login, "/disable").await.data();
    assert_eq!(again["disabledAt"], since);

    let enabled = act(&stack, Method::POST, &login, "/enable").await.data();
    assert!(enabled.get("disabledAt").is_none(), "{enabled:#}");
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    let back = stack.logged_in("alice").await;
    assert_eq!((id(&back), &back["isNewUser"]), (id(&login), &json!(false)));
    stack.me(&back["token"]).await.data();
}

#[rstest]
#[tokio::test]
async fn a_user_who_logs_in_while_being_disabled_is_out_all_the_same(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let user = stack.logged_in("alice").await;
    let logins = join_all((0..8).map(|_| async {
        let attempt = json!({ "platCode": stack.code("alice") });
        stack.login(&attempt).await
    }));
    let (disabled, logins) = join(act(&stack, Method::POST, &user, "/disable"), logins).await;
    disabled.data();
    for login in logins {
        if login.status.is_success() {
            let token = login.data()["token"].clone();
            stack.me(&token).await.refused(401, "session_revoked");
        } else {
            login.refused(403, "user_disabled");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_deleted_user_is_gone_and_comes_back_as_a_new_one(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    stack.me(&login["token"]).await.data();
    act(&stack, Method::DELETE, &login, "").await.data();
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    for (method, action) in [(Method::GET, ""), (Method::DELETE, "")] {
        let answer = act(&stack, method, &login, action).await;
        answer.refused(404, "not_found");
    }
    let path = format!("/admin/users?openId={}", login["openId"].as_str().unwrap());
    assert_eq!(seen(&stack, &path).await["items"], json!([]));
    let back = stack.logged_in("alice").await;
    assert_ne!(id(&back), id(&login));
    assert_eq!(back["isNewUser"], true);
}

#[rstest]
#[tokio::test]
async fn of_two_deletions_at_once_one_is_a_404(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    let delete = || act(&stack, Method::DELETE, &login, "");
    let (one, other) = join(delete(), delete()).await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[rstest]
#[tokio::test]
async fn all_sessions_of_a_user_end_at_once_and_those_of_others_go_on(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let logins = [
        stack.logged_in("alice").await,
        stack.logged_in("alice").await,
    ];
    let bob = stack.logged_in("bob").await;
    for login in &logins {
        stack.me(&login["token"]).await.data();
    }
    let ended = act(&stack, Method::DELETE, &logins[0], "/sessions").await;
    assert_eq!(ended.data(), json!({ "ended": 2 }));
    for login in &logins {
        stack
            .me(&login["token"])
            .await
            .refused(401, "session_revoked");
    }
    stack.me(&bob["token"]).await.data();
    let again = act(&stack, Method::DELETE, &logins[0], "/sessions").await;
    assert_eq!(again.data(), json!({ "ended": 0 }));
    let back = stack.logged_in("alice").await;
    assert_eq!(id(&back), id(&logins[0]));
}

#[rstest]
#[tokio::test]
async fn each_change_leaves_an_audit_entry_with_the_keys_name(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    let writer = crate::admin_stack::WRITER;
    let user = format!("/admin/users/{}", id(&login));
    act(&stack, Method::DELETE, &login, "/sessions")
        .await
        .data();
    let disable = format!("{user}/disable");
    stack
        .send(Method::POST, &disable, Some(writer), None)
        .await
        .data();
    act(&stack, Method::POST, &login, "/enable").await.data();

    let back = stack.logged_in("alice").await;
    let export = stack
        .send(Method::GET, "/user/me/export", back["token"].as_str(), None)
        .await
        .data();
    let entries = export["audit"].as_array().unwrap().iter();
    let mut done: Vec<_> = entries
        .map(|entry| {
            entry["at"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap();
            (
                entry["action"].as_str().unwrap(),
                entry["actor"].as_str().unwrap(),
            )
        })
        .collect();
    done.sort_unstable();
    assert_eq!(
        done,
        [
            ("disable_user", "writer"),
            ("enable_user", "key-1"),
            ("end_sessions", "key-1"),
        ]
    );
}
