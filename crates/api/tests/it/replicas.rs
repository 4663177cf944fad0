//! Two replicas on one PostgreSQL keep the rules together.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{join, join_all};
use jiff::SignedDuration;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{Api, Fault, FaultEffect};

use crate::clocks::ShiftedClock;
use crate::stack::{Answer, Service, Stack, Store, soon};

async fn two() -> (Stack, Service) {
    let stack = Stack::new(Store::Postgres).await;
    let replica = stack.replica().await;
    (stack, replica)
}

async fn me(service: &Service, login: &Value) -> Answer {
    service
        .send(Method::GET, "/user/me", login["token"].as_str(), None)
        .await
}

async fn refresh(service: &Service, login: &Value) -> Answer {
    let body = json!({ "refreshToken": login["refreshToken"] });
    service
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
}

/// Asks `service` until it says that the session is revoked. Not later than after five seconds.
async fn revoked(service: &Service, login: &Value) {
    let start = Instant::now();
    let answer = soon("the revocation to arrive", || async {
        let answer = me(service, login).await;
        (!answer.status.is_success()).then_some(answer)
    })
    .await;
    answer.refused(401, "session_revoked");
    assert!(start.elapsed().as_secs_f32() < 5.0, "{:?}", start.elapsed());
}

#[tokio::test]
async fn first_logins_on_both_at_once_make_one_user() {
    let (stack, replica) = two().await;
    let logins = join_all((0..24).map(|number| {
        let body = json!({ "platCode": stack.code("alice") });
        let (stack, replica) = (&stack, &replica);
        async move {
            let path = "/user/wxlogin";
            match number % 2 {
                0 => stack.send(Method::POST, path, None, Some(&body)).await,
                _ => replica.send(Method::POST, path, None, Some(&body)).await,
            }
            .data()
        }
    }))
    .await;
    let users: HashSet<&str> = logins
        .iter()
        .filter_map(|login| login["userId"].as_str())
        .collect();
    assert_eq!(users.len(), 1);
    for login in &logins {
        me(&replica, login).await.data();
        stack.me(&login["token"]).await.data();
    }
}

#[tokio::test]
async fn the_nonce_holds_on_both_also_at_the_same_moment() {
    let (stack, replica) = two().await;
    for _ in 0..5 {
        let body = json!({ "platCode": stack.code("alice"), "nonce": "0123456789abcdef" });
        let (one, other) = join(
            stack.login(&body),
            replica.send(Method::POST, "/user/wxlogin", None, Some(&body)),
        )
        .await;
        let (one, other) = (one.data(), other.data());
        assert_eq!(one["userId"], other["userId"]);
        // One session: ending it by one of the pairs ends it for the other.
        stack
            .send(Method::POST, "/user/logout", one["token"].as_str(), None)
            .await
            .data();
        stack
            .me(&other["token"])
            .await
            .refused(401, "session_revoked");
    }
}

/// The second request reaches the other replica while WeChat, which has used up the code, still
/// lets the first one wait.
#[rstest]
#[case::clocks_that_agree(0)]
#[case::a_clock_that_is_ahead(90)]
#[case::a_clock_that_is_behind(-90)]
#[tokio::test]
async fn the_nonce_holds_on_the_other_while_the_first_waits_for_a_slow_wechat(
    #[case] seconds: i64,
) {
    let stack = Stack::new(Store::Postgres).await;
    let by = SignedDuration::from_secs(seconds);
    let replica = stack.replica_on(Arc::new(ShiftedClock { by })).await;
    let slow = FaultEffect::Delay { ms: 2500 };
    let slow = Fault::on(Api::Code2Session, slow).after_the_work().times(1);
    stack.sandbox.control().inject(slow);
    let body = json!({ "platCode": stack.code("alice"), "nonce": "0123456789abcdef" });
    let first = replica.send(Method::POST, "/user/wxlogin", None, Some(&body));
    let second = async {
        soon("the first request to reach WeChat", || async {
            let exchanges = stack.sandbox.control().count_of(Api::Code2Session);
            (exchanges > 0).then_some(())
        })
        .await;
        stack.login(&body).await
    };
    let (first, second) = join(first, second).await;
    let (first, second) = (first.data(), second.data());
    assert_eq!(session_of(&first), session_of(&second));
    let later = stack.login(&body).await.data();
    assert_eq!(session_of(&first), session_of(&later));
    for login in [&first, &second, &later] {
        stack.me(&login["token"]).await.data();
        me(&replica, login).await.data();
    }
}

/// The session a token is of.
fn session_of(login: &Value) -> Value {
    let claims = login["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sid"].clone()
}

#[tokio::test]
async fn a_logout_reaches_the_other_within_five_seconds() {
    let (stack, replica) = two().await;
    let login = stack.logged_in("alice").await;
    me(&replica, &login).await.data();
    stack
        .send(Method::POST, "/user/logout", login["token"].as_str(), None)
        .await
        .data();
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    revoked(&replica, &login).await;
}

#[tokio::test]
async fn a_deletion_reaches_the_other_within_five_seconds() {
    let (stack, replica) = two().await;
    let login = stack.logged_in("alice").await;
    me(&replica, &login).await.data();
    stack
        .send(Method::DELETE, "/user/me", login["token"].as_str(), None)
        .await
        .data();
    revoked(&replica, &login).await;
}

#[tokio::test]
async fn a_replay_on_one_ends_the_session_on_both() {
    let stack = Stack::with(Store::Postgres, |settings| {
        settings.tokens.reuse_grace_s = 0;
    });
    let stack = stack.await;
    let replica = stack.replica().await;
    let login = stack.logged_in("alice").await;
    let here = refresh(&replica, &login).await.data();
    // The answer was lost, so the phone asks the other replica.
    let body = json!({ "refreshToken": login["refreshToken"] });
    let there = stack
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
        .data();
    me(&replica, &there).await.data();
    stack.me(&here["token"]).await.data();
    stack
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
        .refused(401, "refresh_reused");
    stack
        .me(&here["token"])
        .await
        .refused(401, "session_revoked");
    revoked(&replica, &there).await;
}

#[tokio::test]
async fn an_edit_on_one_is_seen_on_the_other_soon() {
    let (stack, replica) = two().await;
    let login = stack.logged_in("alice").await;
    me(&replica, &login).await.data();
    let body = json!({ "nickName": "新名字" });
    stack
        .send(
            Method::PATCH,
            "/user/me",
            login["token"].as_str(),
            Some(&body),
        )
        .await
        .data();
    soon("the edit to arrive", || async {
        (me(&replica, &login).await.data()["nickName"] == "新名字").then_some(())
    })
    .await;
}
