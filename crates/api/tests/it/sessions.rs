//! Refresh tokens in generations, and logout.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store, soon};

pub(crate) async fn refresh(stack: &Stack, login: &Value) -> Answer {
    let body = json!({ "refreshToken": login["refreshToken"] });
    stack
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
}

async fn log_out(stack: &Stack, login: &Value, body: Option<&Value>) -> Answer {
    stack
        .send(Method::POST, "/user/logout", login["token"].as_str(), body)
        .await
}

#[rstest]
#[tokio::test]
async fn a_refresh_gives_the_next_pair(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let next = refresh(&stack, &login).await.data();
    for field in ["token", "refreshToken"] {
        assert!(
            next[field].is_string() && next[field] != login[field],
            "{field}"
        );
    }
    assert_eq!(next["expiresIn"], 900);
    assert_eq!(
        stack.me(&next["token"]).await.data()["userId"],
        login["userId"]
    );
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_does_not_end_the_session(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    // Sent ten times at once and then again, as a phone on a bad line would.
    let mut pairs: Vec<Value> = join_all((0..10).map(|_| refresh(&stack, &login)))
        .await
        .into_iter()
        .map(Answer::data)
        .collect();
    pairs.push(refresh(&stack, &login).await.data());
    // The old access token does not count as a use of anything new.
    stack.me(&login["token"]).await.data();
    pairs.push(refresh(&stack, &login).await.data());
    for pair in &pairs {
        stack.me(&pair["token"]).await.data();
        refresh(&stack, pair).await.data();
    }
}

#[rstest]
#[case::its_refresh_token(true)]
#[case::its_access_token(false)]
#[tokio::test]
async fn a_replay_after_the_successor_was_used_ends_the_session_for_good(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[case] by_refresh: bool,
) {
    // With the usual grace a generation that was replaced twice is a replay all the same.
    let grace_s = if by_refresh { 10 } else { 0 };
    let mut stack = Stack::with(store, |settings| settings.tokens.reuse_grace_s = grace_s).await;
    let login = stack.logged_in("alice").await;
    let next = refresh(&stack, &login).await.data();
    let newest = if by_refresh {
        refresh(&stack, &next).await.data()
    } else {
        next.clone()
    };
    stack.me(&newest["token"]).await.data();
    refresh(&stack, &login).await.refused(401, "refresh_reused");
    stack
        .me(&newest["token"])
        .await
        .refused(401, "session_revoked");
    refresh(&stack, &newest)
        .await
        .refused(401, "session_revoked");
    stack.restart().await;
    stack
        .me(&newest["token"])
        .await
        .refused(401, "session_revoked");
    refresh(&stack, &newest)
        .await
        .refused(401, "session_revoked");
}

/// Most request libraries refresh once for each request that was refused, so the second refresh
/// comes after the first one's access token was used.
#[rstest]
#[tokio::test]
async fn a_refresh_for_each_of_several_401s_does_not_end_the_session(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let replica = match store {
        Store::Sqlite => None,
        Store::Postgres => Some(stack.replica().await),
    };
    let refresh_elsewhere = async |pair: &Value| match &replica {
        None => refresh(&stack, pair).await,
        Some(replica) => {
            let body = json!({ "refreshToken": pair["refreshToken"] });
            let path = "/user/refresh";
            replica.send(Method::POST, path, None, Some(&body)).await
        }
    };
    let mut pair = stack.logged_in("alice").await;
    for _ in 0..3 {
        let first = refresh(&stack, &pair).await.data();
        stack.me(&first["token"]).await.data();
        let second = refresh_elsewhere(&pair).await.data();
        stack.me(&second["token"]).await.data();
        let third = refresh(&stack, &pair).await.data();
        // All of them are of one generation: any can be carried on, and it does no harm to others.
        refresh_elsewhere(&third).await.data();
        for given in [&first, &second, &third] {
            stack.me(&given["token"]).await.data();
        }
        pair = refresh_elsewhere(&second).await.data();
    }
}

#[rstest]
#[tokio::test]
async fn a_replay_after_the_grace_ends_the_session_for_good(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::with(store, |settings| settings.tokens.reuse_grace_s = 1).await;
    let login = stack.logged_in("alice").await;
    let next = refresh(&stack, &login).await.data();
    let before_use = Instant::now();
    stack.me(&next["token"]).await.data();
    let used = Instant::now();
    let replay = soon("the grace to end", || async {
        let began = Instant::now();
        let answer = refresh(&stack, &login).await;
        if answer.status.is_success() {
            assert!(
                began < used + Duration::from_secs(1),
                "the grace is too long"
            );
            return None;
        }
        Some(answer)
    })
    .await;
    assert!(before_use.elapsed() >= Duration::from_secs(1));
    replay.refused(401, "refresh_reused");
    stack.restart().await;
    stack
        .me(&next["token"])
        .await
        .refused(401, "session_revoked");
    refresh(&stack, &next).await.refused(401, "session_revoked");
}

#[rstest]
#[tokio::test]
async fn logout_ends_this_session_and_everywhere_ends_all(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let [one, two, three] = [(); 3].map(|()| stack.logged_in("alice"));
    let (one, two, three) = (one.await, two.await, three.await);
    for login in [&one, &two, &three] {
        stack.me(&login["token"]).await.data();
    }
    log_out(&stack, &one, None).await.data();
    stack
        .me(&one["token"])
        .await
        .refused(401, "session_revoked");
    refresh(&stack, &one).await.refused(401, "session_revoked");
    stack.me(&two["token"]).await.data();
    log_out(&stack, &two, Some(&json!({ "everywhere": true })))
        .await
        .data();
    for login in [&two, &three] {
        stack
            .me(&login["token"])
            .await
            .refused(401, "session_revoked");
    }
    assert_eq!(stack.logged_in("alice").await["userId"], one["userId"]);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    for token in ["", "x", login["token"].as_str().unwrap()] {
        let body = json!({ "refreshToken": token });
        stack
            .send(Method::POST, "/user/refresh", None, Some(&body))
            .await
            .refused(401, "refresh_invalid");
    }
    let missing = stack
        .send(Method::POST, "/user/refresh", None, Some(&json!({})))
        .await;
    assert!(
        missing
            .refused(400, "invalid_request")
            .contains("refreshToken")
    );
}

#[tokio::test]
async fn a_session_that_is_not_refreshed_dies() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.tokens.refresh_ttl_s = 1).await;
    let login = stack.logged_in("alice").await;
    let refused = soon("the refresh token to die", || async {
        let answer = refresh(&stack, &login).await;
        (!answer.status.is_success()).then_some(answer)
    });
    // Each refresh above prolonged the session; the token itself is what died.
    refused.await.refused(401, "refresh_invalid");
}

#[rstest]
#[tokio::test]
async fn the_public_keys_are_there_for_others_and_outlive_a_restart(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let before = stack
        .send(Method::GET, "/.well-known/jwks.json", None, None)
        .await
        .body;
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(before.clone()).unwrap();
    let token = login["token"].as_str().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = jwks.find(&header.kid.unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.set_issuer(&["wxlogin"]);
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode::<Value>(token, &key, &rules)
        .unwrap()
        .claims;
    assert_eq!(claims["sub"], login["userId"]);
    for claim in ["iat", "exp", "jti", "sid", "app"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
    stack.restart().await;
    assert_eq!(
        stack
            .send(Method::GET, "/.well-known/jwks.json", None, None)
            .await
            .body,
        before
    );
    stack.me(&login["token"]).await.data();
}

#[rstest]
#[tokio::test]
async fn a_refresh_says_how_long_the_session_lives(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::with(store, |settings| settings.tokens.refresh_ttl_s = 100).await;
    let login = stack.logged_in("alice").await;
    let refresh = async |token: &Value| {
        let body = json!({ "refreshToken": token });
        let answer = stack.send(Method::POST, "/user/refresh", None, Some(&body));
        answer.await.data()
    };
    let next = refresh(&login["refreshToken"]).await;
    assert_eq!(next["refreshExpiresIn"], 100);
    stack.me(&next["token"]).await.data();
    // A second later the replaced token is still taken, and prolongs nothing.
    let used = std::time::Instant::now();
    let late = soon("a second to pass", || async {
        let late = refresh(&login["refreshToken"]).await;
        (used.elapsed().as_secs() >= 1).then_some(late)
    });
    let late = late.await["refreshExpiresIn"].as_u64().unwrap();
    assert!((90..100).contains(&late), "{late}");
}
