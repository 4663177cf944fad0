//! checksession, resetusersessionkey, and what replaces a session_key.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use serde_json::Value;
use sha2::Sha256;

use crate::house::{House, Session, errcode, text};

/// The signature by another implementation than the sandbox's own.
pub(crate) fn sign(session_key: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(session_key.as_bytes()).unwrap();
    hex::encode(mac.finalize().into_bytes())
}

async fn signed(house: &House, path: &str, openid: &str, signature: &str) -> Value {
    let token = house.token().await.unwrap();
    let query = [
        ("access_token", token.as_str()),
        ("openid", openid),
        ("signature", signature),
        ("sig_method", "hmac_sha256"),
    ];
    house.ask(path, &query).await.unwrap()
}

async fn check(house: &House, session: &Session) -> Option<i64> {
    let signature = sign(&session.key);
    errcode(&signed(house, "/wxa/checksession", &session.openid, &signature).await)
}

async fn reset(house: &House, session: &Session) -> Value {
    let signature = sign(&session.key);
    signed(
        house,
        "/wxa/resetusersessionkey",
        &session.openid,
        &signature,
    )
    .await
}

#[tokio::test]
async fn the_current_key_is_valid_in_either_case_of_hex() {
    let house = House::open().unwrap();
    let session = house.session("alice").await.unwrap();
    assert_eq!(check(&house, &session).await, Some(0));
    let upper = sign(&session.key).to_uppercase();
    let answer = signed(&house, "/wxa/checksession", &session.openid, &upper).await;
    assert_eq!(errcode(&answer), Some(0));
}

#[tokio::test]
async fn a_replaced_or_expired_key_has_an_invalid_signature() {
    let house = House::open().unwrap();
    let session = house.session("alice").await.unwrap();
    house
        .control()
        .replace_session_key("alice", &house.app.id)
        .unwrap();
    assert_eq!(check(&house, &session).await, Some(87009));
    assert!(!house.alice().unwrap().check_session().unwrap());
    let fresh = house.session("alice").await.unwrap();
    assert_eq!(check(&house, &fresh).await, Some(0));
    house
        .control()
        .expire_session_key("alice", &house.app.id)
        .unwrap();
    assert_eq!(check(&house, &fresh).await, Some(87009));
}

#[tokio::test]
async fn a_key_lives_as_long_as_the_policy_says_and_a_login_prolongs_it() {
    let house = House::open().unwrap();
    let session = house.session("alice").await.unwrap();
    house.control().advance(Duration::from_hours(71));
    assert_eq!(check(&house, &session).await, Some(0));
    house.control().advance(Duration::from_hours(1));
    assert_eq!(check(&house, &session).await, Some(87009));
}

#[tokio::test]
async fn logins_in_quick_succession_share_a_key_and_a_later_one_replaces_it() {
    let house = House::open().unwrap();
    let first = house.session("alice").await.unwrap();
    let second = house.session("alice").await.unwrap();
    assert_eq!(first.key, second.key);
    house.control().advance(Duration::from_mins(5));
    let third = house.session("alice").await.unwrap();
    assert_ne!(third.key, second.key);
    assert_eq!(check(&house, &second).await, Some(87009));
}

#[tokio::test]
async fn a_prefetch_displaces_the_key() {
    let house = House::open().unwrap();
    let session = house.session("alice").await.unwrap();
    let code = house.alice().unwrap().prefetch_code();
    assert_eq!(check(&house, &session).await, Some(87009));
    let answer = house.code2session(&code).await.unwrap();
    assert_ne!(text(&answer, "session_key").unwrap(), session.key);
}

#[tokio::test]
async fn a_reset_gives_a_new_key_with_the_old_ones_expiry() {
    let house = House::open().unwrap();
    let old = house.session("alice").await.unwrap();
    house.control().advance(Duration::from_hours(71));
    let answer = reset(&house, &old).await;
    let new = Session {
        openid: text(&answer, "openid").unwrap().to_owned(),
        key: text(&answer, "session_key").unwrap().to_owned(),
    };
    assert_eq!((errcode(&answer), &new.openid), (Some(0), &old.openid));
    assert_eq!(check(&house, &old).await, Some(87009));
    assert_eq!(check(&house, &new).await, Some(0));
    house.control().advance(Duration::from_hours(1));
    assert_eq!(errcode(&reset(&house, &new).await), Some(87007));
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
    let house = House::open().unwrap();
    let session = house.session("alice").await.unwrap();
    let (token, signature) = (house.token().await.unwrap(), sign(&session.key));
    let query = [
        ("access_token", token.as_str()),
        ("openid", &session.openid),
        ("signature", &signature),
        ("sig_method", "hmac_sha256"),
    ]
    .map(|(name, good)| (name, if name == parameter { value } else { good }));
    for path in ["/wxa/checksession", "/wxa/resetusersessionkey"] {
        let answer = house.ask(path, &query).await.unwrap();
        assert_eq!(errcode(&answer), Some(expected), "{path}");
    }
}

#[tokio::test]
async fn an_openid_of_another_app_is_invalid() {
    let house = House::open().unwrap();
    let there = house.control().phone("alice", &house.other_app.id).unwrap();
    let answer = signed(&house, "/wxa/checksession", there.openid(), "00").await;
    assert_eq!(errcode(&answer), Some(40003));
}
