//! Where a user is logged in, and how often.

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::sessions::refresh;
use crate::stack::{Stack, Store};

#[rstest]
#[tokio::test]
async fn a_user_sees_where_they_are_logged_in_and_ends_it(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let (phone, tablet) = (
        stack.logged_in("alice").await,
        stack.logged_in("alice").await,
    );
    let stranger = stack.logged_in("bob").await;
    let token = phone["token"].as_str();
    let list = async || {
        stack
            .send(Method::GET, "/user/sessions", token, None)
            .await
            .data()["items"]
            .clone()
    };
    let listed = list().await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let other = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    assert_eq!(other["appId"], stack.app_id(0));
    let path = format!("/user/sessions/{}", other["id"].as_str().unwrap());
    let by_stranger = stack
        .send(Method::DELETE, &path, stranger["token"].as_str(), None)
        .await;
    by_stranger.refused(404, "not_found");
    stack.send(Method::DELETE, &path, token, None).await.data();
    stack
        .me(&tablet["token"])
        .await
        .refused(401, "session_revoked");
    stack
        .send(Method::DELETE, &path, token, None)
        .await
        .refused(404, "not_found");
    stack
        .send(Method::DELETE, "/user/sessions/x", token, None)
        .await
        .refused(404, "not_found");
    assert_eq!(list().await.as_array().unwrap().len(), 1);
}

/// What `GET /user/sessions` lists, page by page.
async fn listed(stack: &Stack, login: &Value, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut path = format!("/user/sessions?limit={limit}");
    loop {
        let token = login["token"].as_str();
        let page = stack.send(Method::GET, &path, token, None).await.data();
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.iter().map(|item| item["id"].clone()));
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/user/sessions?limit={limit}&cursor={cursor}"),
            None => return items,
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_further_login_ends_the_oldest_session_at_once(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::with(store, |settings| settings.limits.sessions_per_user = 3).await;
    let mut logins = Vec::new();
    for _ in 0..5 {
        let login = stack.logged_in("alice").await;
        // So that the replica remembers it.
        stack.me(&login["token"]).await.data();
        logins.insert(0, login);
        let (live, over) = logins.split_at(logins.len().min(3));
        assert_eq!(listed(&stack, &logins[0], 2).await.len(), live.len());
        for login in live {
            stack.me(&login["token"]).await.data();
        }
        for login in over {
            stack
                .me(&login["token"])
                .await
                .refused(401, "session_revoked");
            refresh(&stack, login).await.refused(401, "session_revoked");
        }
    }
    let bob = stack.logged_in("bob").await;
    assert_eq!(listed(&stack, &bob, 100).await.len(), 1);
}

#[rstest]
#[case("limit=0")]
#[case("limit=201")]
#[case("limit=x")]
#[case("cursor=x")]
#[tokio::test]
async fn a_page_of_sessions_that_cannot_be_is_refused(#[case] query: &str) {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let path = format!("/user/sessions?{query}");
    let token = login["token"].as_str();
    stack
        .send(Method::GET, &path, token, None)
        .await
        .refused(400, "invalid_request");
}
