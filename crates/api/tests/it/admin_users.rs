//! Looking users up at the support desk.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::OpenDataOptions;

use crate::admin_stack::{ask, id, logged_in_to, seen, stack};
use crate::stack::{Stack, Store};

/// Gives the user the phone number they have at WeChat.
async fn with_phone(stack: &Stack, user: &str, login: &Value) {
    let phone = stack.phone(user);
    let code = phone
        .phone_number(&OpenDataOptions::default())
        .unwrap()
        .code;
    let token = login["token"].as_str();
    let body = json!({ "code": code });
    stack
        .send(Method::POST, "/user/phone", token, Some(&body))
        .await
        .data();
}

async fn found(stack: &Stack, query: &str) -> Vec<String> {
    let data = seen(stack, &format!("/admin/users?{query}")).await;
    let items = data["items"].as_array().unwrap().iter();
    items.map(|item| id(item).to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn users_are_found_by_openid_unionid_and_phone(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let alice = stack.logged_in("alice").await;
    let bob = stack.logged_in("bob").await;
    with_phone(&stack, "alice", &alice).await;
    let text = |login: &Value, field: &str| login[field].as_str().unwrap().to_owned();
    let (open_id, union_id) = (text(&alice, "openId"), text(&alice, "unionId"));

    for query in [
        format!("openId={open_id}"),
        format!("unionId={union_id}"),
        String::from("phone=%2B8613800138000"),
        // A `+` that was not escaped arrives as a space.
        String::from("phone=+8613800138000"),
        format!("openId={open_id}&unionId={union_id}&phone=%2B8613800138000"),
        // As people write numbers.
        String::from("phone=8613800138000"),
        String::from("phone=13800138000"),
        String::from("phone=138-0013-8000"),
        String::from("phone=0086%20138%200013%208000"),
        format!("openId={open_id}&unionId="),
    ] {
        assert_eq!(found(&stack, &query).await, [id(&alice)], "{query}");
    }
    for query in [
        String::from("openId=unknown"),
        String::from("phone=8613800138001"),
        String::from("phone=%2B13800138000"),
        format!("openId={open_id}&unionId={}", text(&bob, "unionId")),
        String::from("openId=%27%20OR%201%3D1--"),
    ] {
        assert_eq!(found(&stack, &query).await, [""; 0], "{query}");
    }
    assert_eq!(found(&stack, "").await, [id(&alice), id(&bob)]);
    ask(&stack, Method::GET, "/admin/users?openId=a%00b")
        .await
        .refused(400, "invalid_request");
}

#[rstest]
#[tokio::test]
async fn a_list_is_read_page_by_page(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = stack(store).await;
    let app_id = stack.app_id(0);
    let codes = stack
        .sandbox
        .control()
        .login_codes(&app_id, "user", 5)
        .unwrap();
    let mut users = Vec::new();
    for code in codes {
        let login = stack.login(&json!({ "platCode": code })).await.data();
        users.push(id(&login).to_owned());
    }
    users.sort();

    let mut read = Vec::new();
    let mut sizes = Vec::new();
    let mut path = String::from("/admin/users?limit=2");
    loop {
        let data = seen(&stack, &path).await;
        let items = data["items"].as_array().unwrap();
        sizes.push(items.len());
        read.extend(items.iter().map(|item| id(item).to_owned()));
        let Some(cursor) = data.get("nextCursor") else {
            break;
        };
        path = format!("/admin/users?limit=2&cursor={}", cursor.as_str().unwrap());
    }
    assert_eq!((sizes, read), (vec![2, 2, 1], users));
    let whole = seen(&stack, "/admin/users?limit=5").await;
    assert!(whole.get("nextCursor").is_none(), "{whole:#}");
}

#[rstest]
#[case("limit=0", "limit")]
#[case("limit=201", "limit")]
#[case("limit=-1", "limit")]
#[case("limit=many", "limit")]
#[case("cursor=x", "cursor")]
#[case("cursor=01920000-0000-7000-8000-000000000000", "cursor")]
#[tokio::test]
async fn a_page_that_cannot_be_is_a_400(
    #[case] query: &str,
    #[case] named: &str,
    #[values("users", "merges", "bans", "audit")] list: &str,
) {
    let stack = stack(Store::Sqlite).await;
    let answer = ask(&stack, Method::GET, &format!("/admin/{list}?{query}")).await;
    let msg = answer.refused(400, "invalid_request");
    assert!(msg.contains(named), "{msg}");
}

#[rstest]
#[tokio::test]
async fn a_user_is_shown_as_to_themselves_and_with_all_identities(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let first = stack.logged_in("alice").await;
    with_phone(&stack, "alice", &first).await;
    let second = logged_in_to(&stack, "alice", 1).await;
    assert_eq!(id(&first), id(&second));

    let shown = seen(&stack, &format!("/admin/users/{}", id(&first))).await;
    let me = stack.me(&second["token"]).await.data();
    for (field, value) in me.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert!(shown.get("disabledAt").is_none(), "{shown:#}");
    let identities = shown["identities"].as_array().unwrap();
    assert_eq!(identities.len(), 2);
    for (identity, login, app) in [(&identities[0], &first, 0), (&identities[1], &second, 1)] {
        assert_eq!(identity["appId"], stack.app_id(app));
        for field in ["openId", "unionId"] {
            assert_eq!(identity[field], login[field], "{field}");
        }
        for field in ["createdAt", "lastLoginAt"] {
            let at = identity[field].as_str().unwrap();
            at.parse::<jiff::Timestamp>().unwrap();
        }
    }
    for secret in ["sessionKey", "token", "refreshToken"] {
        assert!(!shown.to_string().contains(secret), "{secret}");
    }
}

#[rstest]
#[case("01920000-0000-7000-8000-000000000000")]
#[case("alice")]
#[case("%ff")]
#[tokio::test]
async fn who_is_not_there_is_a_404(#[case] unknown_user: &str) {
    let stack = stack(Store::Sqlite).await;
    let user = format!("/admin/users/{unknown_user}");
    for (method, path) in [
        (Method::GET, user.clone()),
        (Method::DELETE, user.clone()),
        (Method::POST, format!("{user}/disable")),
        (Method::POST, format!("{user}/enable")),
        (Method::DELETE, format!("{user}/sessions")),
        (Method::POST, format!("/admin/merges/{unknown_user}/apply")),
        (
            Method::POST,
            format!("/admin/merges/{unknown_user}/dismiss"),
        ),
    ] {
        ask(&stack, method, &path).await.refused(404, "not_found");
    }
}

#[rstest]
#[case("users?openid=o1", "openid")]
#[case("users?openId=o1&open_id=o1", "open_id")]
#[case("users?OpenId=o1", "OpenId")]
#[case("users?openId%20=o1", "openId")]
#[case("users?page=2", "page")]
#[case("users?openId=", "openId")]
#[case("users?openId&unionId=&limit=10", "openId")]
#[case("users?openId=o1&openId=o2", "openId")]
#[case("users?limit=2&limit=3", "limit")]
#[case("users?phone=alice", "phone")]
#[case("users?phone=07911123456", "phone")]
#[case("merges?openId=o1", "openId")]
#[case("bans?userId=1", "userId")]
#[case("audit?user=1", "user")]
#[case("audit?userId=alice", "userId")]
#[case("audit?userId=", "userId")]
#[case("audit?action=disable", "action")]
#[case("audit?action=", "action")]
#[tokio::test]
async fn a_query_that_says_something_else_is_refused_by_name(
    #[case] query: &str,
    #[case] named: &str,
) {
    let stack = stack(Store::Sqlite).await;
    let answer = ask(&stack, Method::GET, &format!("/admin/{query}")).await;
    let refused = answer.refused(400, "invalid_request");
    assert!(refused.contains(named), "{refused}");
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_wherever_it_stands_and_after_the_key() {
    let stack = stack(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let user = format!("/admin/users/{}", id(&login));
    for (method, path) in [
        (Method::GET, format!("{user}?limit=1")),
        (Method::POST, format!("{user}/disable?dryRun=true")),
        (Method::POST, format!("{user}/enable?x")),
        (Method::DELETE, format!("{user}?force=1")),
        (Method::DELETE, format!("{user}/sessions?app=1")),
        (Method::DELETE, format!("/admin/bans/{}?x=", id(&login))),
        (
            Method::POST,
            format!("/admin/merges/{}/apply?x=1", id(&login)),
        ),
    ] {
        ask(&stack, method.clone(), &path)
            .await
            .refused(400, "invalid_request");
        stack
            .send(method, &path, None, None)
            .await
            .refused(401, "token_missing");
    }
    let shown = seen(&stack, &user).await;
    assert!(shown.get("disabledAt").is_none(), "{shown:#}");
    stack.me(&login["token"]).await.data();
}
