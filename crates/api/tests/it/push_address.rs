//! WeChat's console checks the address that messages go to.

use reqwest::Method;
use rstest::rstest;
use wxsandbox::{PushFormat, PushMode};

use crate::push_stack::{SIGNED, path, plain, stack, subscribe};
use crate::stack::Store;

#[tokio::test]
async fn the_console_verifies_the_address() {
    let stack = stack(Store::Sqlite).await;
    subscribe(&stack, PushMode::Safe, PushFormat::Json);
    let app_id = stack.app_id(0);
    let attempt = stack.sandbox.control().verify_push(&app_id).await.unwrap();
    assert!(attempt.accepted, "{attempt:?}");
}

#[tokio::test]
async fn the_published_vector_is_answered_with_the_bare_echostr() {
    let stack = stack(Store::Sqlite).await;
    let path = format!("{}?{SIGNED}&echostr=4375120948345356249", path(&stack));
    let request = stack.request(Method::GET, &path);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain"), "{kind}");
    assert_eq!(answer.text().await.unwrap(), "4375120948345356249");
}

#[rstest]
#[case::nothing("")]
#[case::no_signature("timestamp=1714036504&nonce=1514711492")]
#[case::other_signature("signature=0&timestamp=1714036504&nonce=1514711492")]
#[case::other_time(
    "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&timestamp=1714036505&nonce=1514711492"
)]
#[tokio::test]
async fn a_signature_that_does_not_hold_is_forbidden(#[case] query: &str) {
    let stack = stack(Store::Sqlite).await;
    let path = format!("{}?{query}&echostr=1", path(&stack));
    for method in [Method::GET, Method::POST] {
        let answer = stack.send(method, &path, None, None).await;
        answer.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn a_verification_without_echostr_is_a_400() {
    let stack = stack(Store::Sqlite).await;
    let path = format!("{}?{SIGNED}", path(&stack));
    let answer = stack.send(Method::GET, &path, None, None).await;
    let msg = answer.refused(400, "invalid_request");
    assert!(msg.contains("echostr"), "{msg}");
}

#[tokio::test]
async fn an_app_without_a_push_token_has_no_address() {
    let stack = stack(Store::Sqlite).await;
    for app_id in [
        stack.app_id(1),
        String::from("wx0000000000000000"),
        String::from("%ff"),
    ] {
        let path = format!("/wechat/events/{app_id}?{SIGNED}&echostr=1");
        for method in [Method::GET, Method::POST] {
            let answer = stack.send(method, &path, None, None).await;
            answer.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn another_method_is_a_405() {
    let stack = stack(Store::Sqlite).await;
    let answer = stack.send(Method::PUT, &path(&stack), None, None).await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, POST"));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_a_413() {
    let stack = stack(Store::Sqlite).await;
    let answer = plain(&stack, "x".repeat(70_000)).await;
    answer.refused(413, "payload_too_large");
}
