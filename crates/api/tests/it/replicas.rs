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
use crate::house::{Answer, House, Service, Store, soon};

async fn two() -> (House, Service) {
    let house = House::new(Store::Postgres).await;
    let twin = house.twin().await;
    (house, twin)
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
    let (house, twin) = two().await;
    let logins = join_all((0..24).map(|number| {
        let body = json!({ "platCode": house.code("alice") });
        let (house, twin) = (&house, &twin);
        async move {
            let path = "/user/wxlogin";
            match number % 2 {
                0 => house.send(Method::POST, path, None, Some(&body)).await,
                _ => twin.send(Method::POST, path, None, Some(&body)).await,
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
        me(&twin, login).await.data();
        house.me(&login["token"]).await.data();
    }
}

#[tokio::test]
async fn the_nonce_holds_on_both_also_at_the_same_moment() {
    let (house, twin) = two().await;
    for _ in 0..5 {
        let body = json!({ "platCode": house.code("alice"), "nonce": "0123456789abcdef" });
        let (one, other) = join(
            house.login(&body),
            twin.send(Method::POST, "/user/wxlogin", None, Some(&body)),
        )
        .await;
        let (one, other) = (one.data(), other.data());
        assert_eq!(one["userId"], other["userId"]);
        // One session: ending it by one of the pairs ends it for the other.
        house
            .send(Method::POST, "/user/logout", one["token"].as_str(), None)
            .await
            .data();
        house
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
    let house = House::new(Store::Postgres).await;
    let by = SignedDuration::from_secs(seconds);
    let twin = house.twin_on(Arc::new(ShiftedClock { by })).await;
    let slow = FaultEffect::Delay { ms: 2500 };
    let slow = Fault::on(Api::Code2Session, slow).after_the_work().times(1);
    house.sandbox.control().inject(slow);
    let body = json!({ "platCode": house.code("alice"), "nonce": "0123456789abcdef" });
    let first = twin.send(Method::POST, "/user/wxlogin", None, Some(&body));
    let second = async {
        soon("the first request to reach WeChat", || async {
            let exchanges = house.sandbox.control().count_of(Api::Code2Session);
            (exchanges > 0).then_some(())
        })
        .await;
        house.login(&body).await
    };
    let (first, second) = join(first, second).await;
    let (first, second) = (first.data(), second.data());
    assert_eq!(session_of(&first), session_of(&second));
    let later = house.login(&body).await.data();
    assert_eq!(session_of(&first), session_of(&later));
    for login in [&first, &second, &later] {
        house.me(&login["token"]).await.data();
        me(&twin, login).await.data();
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
    let (house, twin) = two().await;
    let login = house.logged_in("alice").await;
    me(&twin, &login).await.data();
    house
        .send(Method::POST, "/user/logout", login["token"].as_str(), None)
        .await
        .data();
    house
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    revoked(&twin, &login).await;
}

#[tokio::test]
async fn a_deletion_reaches_the_other_within_five_seconds() {
    let (house, twin) = two().await;
    let login = house.logged_in("alice").await;
    me(&twin, &login).await.data();
    house
        .send(Method::DELETE, "/user/me", login["token"].as_str(), None)
        .await
        .data();
    revoked(&twin, &login).await;
}

#[tokio::test]
async fn a_replay_on_one_ends_the_session_on_both() {
    let house = House::with(Store::Postgres, |settings| {
        settings.tokens.reuse_grace_s = 0;
    });
    let house = house.await;
    let twin = house.twin().await;
    let login = house.logged_in("alice").await;
    let here = refresh(&twin, &login).await.data();
    // The answer was lost, so the phone asks the other replica.
    let body = json!({ "refreshToken": login["refreshToken"] });
    let there = house
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
        .data();
    me(&twin, &there).await.data();
    house.me(&here["token"]).await.data();
    house
        .send(Method::POST, "/user/refresh", None, Some(&body))
        .await
        .refused(401, "refresh_reused");
    house
        .me(&here["token"])
        .await
        .refused(401, "session_revoked");
    revoked(&twin, &there).await;
}

#[tokio::test]
async fn an_edit_on_one_is_seen_on_the_other_soon() {
    let (house, twin) = two().await;
    let login = house.logged_in("alice").await;
    me(&twin, &login).await.data();
    let body = json!({ "nickName": "新名字" });
    house
        .send(
            Method::PATCH,
            "/user/me",
            login["token"].as_str(),
            Some(&body),
        )
        .await
        .data();
    soon("the edit to arrive", || async {
        (me(&twin, &login).await.data()["nickName"] == "新名字").then_some(())
    })
    .await;
}
