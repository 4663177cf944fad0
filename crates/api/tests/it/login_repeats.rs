//! The same code a second time.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Stack, Store};

fn with_nonce(code: &str, nonce: &str) -> Value {
    json!({ "platCode": code, "nonce": nonce })
}

/// The session a token is of, without verifying it.
fn session_of(data: &Value) -> Value {
    use base64::Engine;
    let claims = data["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sid"].clone()
}

#[rstest]
#[tokio::test]
async fn a_code_logs_in_once(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = Stack::new(store).await;
    let body = json!({ "platCode": stack.code("alice") });
    let answers = join_all((0..8).map(|_| stack.login(&body))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status.is_success());
    assert_eq!(good.len(), 1);
    for answer in bad {
        answer.refused(401, "code_invalid");
    }
    stack.login(&body).await.refused(401, "code_invalid");
}

#[rstest]
#[tokio::test]
async fn the_same_phone_gets_the_same_session_again_with_new_tokens(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let code = stack.code("alice");
    let body = with_nonce(&code, "0123456789abcdef");
    let answers = join_all((0..6).map(|_| stack.login(&body))).await;
    let mut logins: Vec<Value> = answers
        .into_iter()
        .map(crate::stack::Answer::data)
        .collect();
    logins.push(stack.login(&body).await.data());
    // What the replica remembers is gone now; what is stored is not.
    stack.restart().await;
    logins.push(stack.login(&body).await.data());
    for login in &logins {
        assert_eq!(
            (session_of(login), &login["userId"]),
            (session_of(&logins[0]), &logins[0]["userId"])
        );
        assert_eq!(login["isNewUser"], true);
        stack.me(&login["token"]).await.data();
    }
    let tokens: std::collections::HashSet<_> = logins
        .iter()
        .filter_map(|login| login["token"].as_str())
        .collect();
    assert_eq!(tokens.len(), logins.len());
}

#[rstest]
#[tokio::test]
async fn another_nonce_or_none_is_somebody_else(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let code = stack.code("alice");
    stack
        .login(&with_nonce(&code, "0123456789abcdef"))
        .await
        .data();
    stack
        .login(&with_nonce(&code, "fedcba9876543210"))
        .await
        .refused(401, "code_invalid");
    stack
        .login(&json!({ "platCode": code }))
        .await
        .refused(401, "code_invalid");
    stack.restart().await;
    stack
        .login(&with_nonce(&code, "fedcba9876543210"))
        .await
        .refused(401, "code_invalid");
    stack
        .login(&json!({ "platCode": code }))
        .await
        .refused(401, "code_invalid");
}

#[tokio::test]
async fn a_nonce_has_16_to_64_characters() {
    let stack = Stack::new(Store::Sqlite).await;
    for nonce in ["0123456789abcde", &"x".repeat(65)] {
        let refused = stack.login(&with_nonce(&stack.code("alice"), nonce)).await;
        assert!(refused.refused(400, "invalid_request").contains("nonce"));
    }
}
