//! access_tokens: two endpoints, two stores, and what other calls say about old tokens.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{AppKeys, Stack, errcode, json_of, text};

/// What a call that needs a token says about this one; 47001 means the token was fine.
async fn verdict(stack: &Stack, query: &[(&str, &str)]) -> Option<i64> {
    let url = stack.url("/wxa/business/getuserphonenumber");
    let request = stack.client.post(url).query(query).body("no JSON");
    errcode(&json_of(request.send().await.unwrap()).await.unwrap())
}

const FINE: Option<i64> = Some(47001);

async fn verdict_on(stack: &Stack, answer: &Value) -> Option<i64> {
    let token = text(answer, "access_token").unwrap();
    verdict(stack, &[("access_token", token)]).await
}

#[tokio::test]
async fn success_has_token_and_seconds_and_no_errcode() {
    let stack = Stack::open().unwrap();
    for answer in [
        stack.plain_token().await.unwrap(),
        stack.stable_token(&stack.app, false).await.unwrap(),
    ] {
        assert_eq!(answer["expires_in"], 7_200);
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
        assert_eq!(verdict_on(&stack, &answer).await, FINE);
    }
}

#[tokio::test]
async fn a_plain_token_outlives_the_next_one_by_five_minutes() {
    let stack = Stack::open().unwrap();
    let old = stack.plain_token().await.unwrap();
    stack.control().advance(Duration::from_mins(10));
    let new = stack.plain_token().await.unwrap();
    stack.control().advance(Duration::from_secs(299));
    assert_eq!(verdict_on(&stack, &old).await, FINE);
    stack.control().advance(Duration::from_secs(1));
    assert_eq!(verdict_on(&stack, &old).await, Some(40001));
    assert_eq!(verdict_on(&stack, &new).await, FINE);
}

#[tokio::test]
async fn an_expired_token_is_told_from_a_wrong_a_malformed_and_a_missing_one() {
    let stack = Stack::open().unwrap();
    let token = stack.plain_token().await.unwrap();
    stack.control().advance(Duration::from_hours(2));
    assert_eq!(verdict_on(&stack, &token).await, Some(42001));
    let unknown = format!("70_{}", "x".repeat(100));
    assert_eq!(
        verdict(&stack, &[("access_token", &unknown)]).await,
        Some(40001)
    );
    assert_eq!(
        verdict(&stack, &[("access_token", "rubbish")]).await,
        Some(40014)
    );
    assert_eq!(verdict(&stack, &[]).await, Some(41001));
}

#[tokio::test]
async fn the_stable_token_is_the_same_until_its_last_five_minutes() {
    let stack = Stack::open().unwrap();
    let first = stack.stable_token(&stack.app, false).await.unwrap();
    stack.control().advance(Duration::from_secs(6_899));
    let same = stack.stable_token(&stack.app, false).await.unwrap();
    assert_eq!(same["access_token"], first["access_token"]);
    assert_eq!(same["expires_in"], 301);
    stack.control().advance(Duration::from_secs(1));
    let next = stack.stable_token(&stack.app, false).await.unwrap();
    assert_ne!(next["access_token"], first["access_token"]);
    assert_eq!(verdict_on(&stack, &first).await, FINE);
}

#[tokio::test]
async fn a_forced_refresh_ends_the_stable_token_and_leaves_the_plain_one() {
    let stack = Stack::open().unwrap();
    let plain = stack.plain_token().await.unwrap();
    let stable = stack.stable_token(&stack.app, false).await.unwrap();
    let forced = stack.stable_token(&stack.app, true).await.unwrap();
    assert_eq!(verdict_on(&stack, &stable).await, Some(40001));
    assert_eq!(verdict_on(&stack, &forced).await, FINE);
    assert_eq!(verdict_on(&stack, &plain).await, FINE);
    let again = stack.stable_token(&stack.app, true).await.unwrap();
    assert_eq!(
        again["access_token"], forced["access_token"],
        "30 s have not passed"
    );
}

#[tokio::test]
async fn revoked_tokens_are_not_the_latest() {
    let stack = Stack::open().unwrap();
    let token = stack.stable_token(&stack.app, false).await.unwrap();
    stack.control().revoke_tokens(&stack.app.id).unwrap();
    assert_eq!(verdict_on(&stack, &token).await, Some(40001));
    let next = stack.stable_token(&stack.app, false).await.unwrap();
    assert_eq!(verdict_on(&stack, &next).await, FINE);
}

#[tokio::test]
async fn force_refresh_may_be_a_string_as_one_published_client_sends_it() {
    let stack = Stack::open().unwrap();
    let body = json!({
        "grant_type": "client_credential",
        "appid": stack.app.id,
        "secret": stack.app.secret,
        "force_refresh": "false",
    });
    let answer = stack
        .post("/cgi-bin/stable_token", &[], &body)
        .await
        .unwrap();
    assert_eq!(errcode(&answer), None, "{answer}");
}

#[rstest]
#[case::grant_type("grant_type", 40002)]
#[case::appid_missing("appid", 41002)]
#[case::secret_missing("secret", 41004)]
#[tokio::test]
async fn a_missing_parameter_is_named_by_both_calls(#[case] missing: &str, #[case] expected: i64) {
    let stack = Stack::open().unwrap();
    let good = [
        ("grant_type", "client_credential"),
        ("appid", stack.app.id.as_str()),
        ("secret", &stack.app.secret),
    ];
    let rest: Vec<_> = good
        .into_iter()
        .filter(|(name, _)| *name != missing)
        .collect();
    let plain = stack.ask("/cgi-bin/token", &rest).await.unwrap();
    assert_eq!(errcode(&plain), Some(expected));
    let body = rest
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>();
    let stable = stack
        .post("/cgi-bin/stable_token", &[], &json!(body))
        .await
        .unwrap();
    assert_eq!(errcode(&stable), Some(expected));
}

#[tokio::test]
async fn a_wrong_app_or_secret_gets_no_token() {
    let stack = Stack::open().unwrap();
    let wrong = |id: &str, secret: &str| AppKeys {
        id: id.to_owned(),
        secret: secret.to_owned(),
    };
    let nobody = wrong("wxffffffffffffffff", &stack.app.secret);
    let answer = stack.stable_token(&nobody, false).await.unwrap();
    assert_eq!(errcode(&answer), Some(40013));
    let liar = wrong(&stack.app.id, &stack.other_app.secret);
    let answer = stack.stable_token(&liar, false).await.unwrap();
    assert_eq!(errcode(&answer), Some(40125));
}

#[tokio::test]
async fn stable_token_takes_a_json_post_only() {
    let stack = Stack::open().unwrap();
    let get = stack.ask("/cgi-bin/stable_token", &[]).await.unwrap();
    assert_eq!(errcode(&get), Some(43002));
    let url = stack.url("/cgi-bin/stable_token");
    let empty = json_of(stack.client.post(&url).send().await.unwrap())
        .await
        .unwrap();
    assert_eq!(errcode(&empty), Some(44002));
    let form = stack.client.post(&url).form(&[("appid", &stack.app.id)]);
    let form = json_of(form.send().await.unwrap()).await.unwrap();
    assert_eq!(errcode(&form), Some(47001));
}

#[tokio::test]
async fn a_reset_secret_replaces_the_old_one() {
    let stack = Stack::open().unwrap();
    stack.control().reset_secret(&stack.app.id).unwrap();
    let answer = stack.stable_token(&stack.app, false).await.unwrap();
    assert_eq!(errcode(&answer), Some(40125));
}
