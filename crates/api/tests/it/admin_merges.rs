//! Users who turn out to be one person.

use futures_util::future::join;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_stack::{ask, id, logged_in_to, seen, stack};
use crate::stack::{Stack, Store};

/// Two users of one person: the first app's unionid shows up only when the second app has made
/// a user of its own. Gives the login in the first and in the second app.
async fn two_users(stack: &Stack, person: &str) -> (Value, Value) {
    let (control, app) = (stack.sandbox.control(), stack.app_id(0));
    control.bind_open_platform(&app, None).unwrap();
    let first = logged_in_to(stack, person, 0).await;
    let second = logged_in_to(stack, person, 1).await;
    assert_ne!(id(&first), id(&second));
    control.bind_open_platform(&app, Some("demo")).unwrap();
    let late = logged_in_to(stack, person, 0).await;
    assert_eq!(id(&late), id(&first));
    (late, second)
}

async fn candidates(stack: &Stack) -> Vec<Value> {
    let data = seen(stack, "/admin/merges").await;
    data["items"].as_array().unwrap().clone()
}

fn path(candidate: &Value, decision: &str) -> String {
    format!(
        "/admin/merges/{}/{decision}",
        candidate["id"].as_str().unwrap()
    )
}

#[rstest]
#[tokio::test]
async fn an_applied_merge_makes_one_user_of_two(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let (first, second) = two_users(&stack, "alice").await;
    let found = candidates(&stack).await;
    assert_eq!(found.len(), 1);
    let candidate = &found[0];
    assert_eq!(candidate["userId"], first["userId"]);
    assert_eq!(candidate["unionUserId"], second["userId"]);
    assert_eq!(candidate["unionId"], second["unionId"]);
    let at = candidate["createdAt"].as_str().unwrap();
    at.parse::<jiff::Timestamp>().unwrap();
    stack.me(&first["token"]).await.data();

    let merged = ask(&stack, Method::POST, &path(candidate, "apply"))
        .await
        .data();
    assert_eq!(merged, json!({ "userId": second["userId"] }));
    stack
        .me(&first["token"])
        .await
        .refused(401, "session_revoked");
    stack.me(&second["token"]).await.data();
    let gone = format!("/admin/users/{}", id(&first));
    ask(&stack, Method::GET, &gone)
        .await
        .refused(404, "not_found");
    let remaining = seen(&stack, &format!("/admin/users/{}", id(&second))).await;
    assert_eq!(remaining["identities"].as_array().unwrap().len(), 2);
    let back = logged_in_to(&stack, "alice", 0).await;
    assert_eq!(id(&back), id(&second));

    assert!(candidates(&stack).await.is_empty());
    for decision in ["apply", "dismiss"] {
        ask(&stack, Method::POST, &path(candidate, decision))
            .await
            .refused(404, "not_found");
    }
}

#[rstest]
#[tokio::test]
async fn a_dismissed_merge_leaves_two_users(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let (first, second) = two_users(&stack, "alice").await;
    let found = candidates(&stack).await;
    ask(&stack, Method::POST, &path(&found[0], "dismiss"))
        .await
        .data();
    assert!(candidates(&stack).await.is_empty());
    for login in [&first, &second] {
        stack.me(&login["token"]).await.data();
    }
    for decision in ["apply", "dismiss"] {
        ask(&stack, Method::POST, &path(&found[0], decision))
            .await
            .refused(404, "not_found");
    }
}

#[rstest]
#[tokio::test]
async fn of_two_decisions_at_once_one_counts(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values("apply", "dismiss")] other: &str,
) {
    let stack = stack(store).await;
    two_users(&stack, "alice").await;
    let found = candidates(&stack).await;
    let (apply, other) = (path(&found[0], "apply"), path(&found[0], other));
    let (one, other) = join(
        ask(&stack, Method::POST, &apply),
        ask(&stack, Method::POST, &other),
    )
    .await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn candidates_are_read_page_by_page() {
    let stack = stack(Store::Sqlite).await;
    for person in ["alice", "bob", "carol"] {
        two_users(&stack, person).await;
    }
    let all = candidates(&stack).await;
    assert_eq!(all.len(), 3);
    let one = seen(&stack, "/admin/merges?limit=2").await;
    let cursor = one["nextCursor"].as_str().unwrap();
    let other = seen(&stack, &format!("/admin/merges?limit=2&cursor={cursor}")).await;
    assert!(other.get("nextCursor").is_none(), "{other:#}");
    let pages = [&one, &other].map(|page| page["items"].as_array().unwrap().clone());
    assert_eq!(pages.concat(), all);
}

#[rstest]
#[tokio::test]
async fn a_disabled_and_an_enabled_user_are_merged_only_once_they_are_alike(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(0, 1)] disabled: usize,
) {
    let stack = stack(store).await;
    let (first, second) = two_users(&stack, "alice").await;
    let users = [&first, &second];
    let act = async |user: &Value, action: &str| {
        let path = format!("/admin/users/{}/{action}", id(user));
        ask(&stack, Method::POST, &path).await.data()
    };
    let since = act(users[disabled], "disable").await["disabledAt"].clone();
    let found = candidates(&stack).await;
    let shown = ["userDisabledAt", "unionUserDisabledAt"].map(|field| found[0].get(field).cloned());
    let mut expected = [None, None];
    expected[disabled] = Some(since);
    assert_eq!(shown, expected);

    let apply = path(&found[0], "apply");
    for _ in 0..2 {
        let refused = ask(&stack, Method::POST, &apply).await;
        refused.refused(409, "conflict");
    }
    for user in users {
        seen(&stack, &format!("/admin/users/{}", id(user))).await;
    }
    act(users[disabled], "enable").await;
    let merged = ask(&stack, Method::POST, &apply).await.data();
    assert_eq!(merged["userId"], second["userId"]);
    let actions = seen(&stack, "/admin/audit?limit=3").await;
    let actions = actions["items"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["apply_merge", "enable_user", "disable_user"]);
}
