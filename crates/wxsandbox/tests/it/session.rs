//! checksession, resetusersessionkey, and what replaces a session_key.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use serde_json::Value;
use sha2::Sha256;

use crate::stack::{Session, Stack, errcode, text};

/// The signature by another implementation than the sandbox's own.
pub(crate) fn sign(session_key: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(session_key.as_bytes()).unwrap();
    hex::encode(mac.finalize().into_bytes())
}

async fn signed(stack: &Stack, path: &str, openid: &str, signature: &str) -> Value {
    let token = stack.token().await.unwrap();
    let query = [
        ("access_token", token.as_str()),
        ("openid", openid),
        ("signature", signature),
        ("sig_method", "hmac_sha256"),
    ];
    stack.ask(path, &query).await.unwrap()
}

async fn check(stack: &Stack, session: &Session) -> Option<i64> {
    let signature = sign(&session.key);
    errcode(&signed(stack, "/wxa/checksession", &session.openid, &signature).await)
}

async fn reset(stack: &Stack, session: &Session) -> Value {
    let signature = sign(&session.key);
    signed(
        stack,
        "/wxa/resetusersessionkey",
        &session.openid,
        &signature,
    )
    .await
}

#[tokio::test]
async fn the_current_key_is_valid_in_either_case_of_hex() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    assert_eq!(check(&stack, &session).await, Some(0));
    let upper = sign(&session.key).to_uppercase();
    let answer = signed(&stack, "/wxa/checksession", &session.openid, &upper).await;
    assert_eq!(errcode(&answer), Some(0));
}

#[tokio::test]
async fn a_replaced_or_expired_key_has_an_invalid_signature() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    stack
        .control()
        .replace_session_key("alice", &stack.app.id)
        .unwrap();
    assert_eq!(check(&stack, &session).await, Some(87009));
    assert!(!stack.alice().unwrap().check_session().unwrap());
    let fresh = stack.session("alice").await.unwrap();
    assert_eq!(check(&stack, &fresh).await, Some(0));
    stack
        .control()
        .expire_session_key("alice", &stack.app.id)
        .unwrap();
    assert_eq!(check(&stack, &fresh).await, Some(87009));
}

#[tokio::test]
async fn a_key_lives_as_long_as_the_policy_says_and_a_login_prolongs_it() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    stack.control().advance(Duration::from_hours(71));
    assert_eq!(check(&stack, &session).await, Some(0));
    stack.control().advance(Duration::from_hours(1));
    assert_eq!(check(&stack, &session).await, Some(87009));
}

#[tokio::test]
async fn logins_in_quick_succession_share_a_key_and_a_later_one_replaces_it() {
    let stack = Stack::open().unwrap();
    let first = stack.session("alice").await.unwrap();
    let second = stack.session("alice").await.unwrap();
    assert_eq!(first.key, second.key);
    stack.control().advance(Duration::from_mins(5));
    let third = stack.session("alice").await.unwrap();
    assert_ne!(third.key, second.key);
    assert_eq!(check(&stack, &second).await, Some(87009));
}

#[tokio::test]
async fn a_prefetch_displaces_the_key() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let code = stack.alice().unwrap().prefetch_code();
    assert_eq!(check(&stack, &session).await, Some(87009));
    let answer = stack.code2session(&code).await.unwrap();
    assert_ne!(text(&answer, "session_key").unwrap(), session.key);
}

#[tokio::test]
async fn a_reset_gives_a_new_key_with_the_old_ones_expiry() {
    let stack = Stack::open().unwrap();
    let old = stack.session("alice").await.unwrap();
    stack.control().advance(Duration::from_hours(71));
    let answer = reset(&stack, &old).await;
    let new = Session {
        openid: text(&answer, "openid").unwrap().to_owned(),
        key: text(&answer, "session_key").unwrap().to_owned(),
    };
    assert_eq!((errcode(&answer), &new.openid), (Some(0), &old.openid));
    assert_eq!(check(&stack, &old).await, Some(87009));
    assert_eq!(check(&stack, &new).await, Some(0));
    stack.control().advance(Duration::from_hours(1));
    assert_eq!(errcode(&reset(&stack, &new).await), Some(87007));
}

#[rstest]
#[case::no_openid("openid", "", 40003)]
#[case::foreign_openid("openid", "oAAAAAAAAAAAAAAAAAAAAAAAAAAA", 40003)]
#[case::sig_method("sig_method", "sha1", 87008)]
#[case::signature("signature", "00", 87009)]
#[tokio::test]
async fn a_wrong_parameter_is_named_by_its_errcode(
    #[case] parameter: &str,
    #[case] value: &str,
    #[case] expected: i64,
) {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let (token, signature) = (stack.token().await.unwrap(), sign(&session.key));
    let query = [
        ("access_token", token.as_str()),
        ("openid", &session.openid),
        ("signature", &signature),
        ("sig_method", "hmac_sha256"),
    ]
    .map(|(name, good)| (name, if name == parameter { value } else { good }));
    for path in ["/wxa/checksession", "/wxa/resetusersessionkey"] {
        let answer = stack.ask(path, &query).await.unwrap();
        assert_eq!(errcode(&answer), Some(expected), "{path}");
    }
}

#[tokio::test]
async fn an_openid_of_another_app_is_invalid() {
    let stack = Stack::open().unwrap();
    let there = stack.control().phone("alice", &stack.other_app.id).unwrap();
    let answer = signed(&stack, "/wxa/checksession", there.openid(), "00").await;
    assert_eq!(errcode(&answer), Some(40003));
}
