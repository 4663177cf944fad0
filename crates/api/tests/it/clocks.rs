//! Replicas on machines whose clocks are wrong.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::Clock;
use domain::time::{Duration, Timestamp, to_microseconds};
use jiff::SignedDuration;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack::{Answer, Service, Stack, Store};

/// This machine's clock, but for a shift.
pub(crate) struct ShiftedClock {
    pub(crate) by: SignedDuration,
}

#[async_trait]
impl Clock for ShiftedClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the machine's clock is what is shifted"
    )]
    fn now(&self) -> Timestamp {
        to_microseconds(Timestamp::now() + self.by)
    }

    fn new_id(&self) -> Uuid {
        let seconds = self.now().as_second().unsigned_abs();
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0))
    }

    async fn wait(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

async fn post(service: &Service, path: &str, body: &Value) -> Answer {
    service.send(Method::POST, path, None, Some(body)).await
}

async fn me(service: &Service, pair: &Value) -> Answer {
    let token = pair["token"].as_str();
    service.send(Method::GET, "/user/me", token, None).await
}

fn refresh_body(pair: &Value) -> Value {
    json!({ "refreshToken": pair["refreshToken"] })
}

#[rstest]
#[case::ahead(40)]
#[case::behind(-40)]
#[tokio::test]
async fn sessions_go_on_between_replicas_whose_clocks_are_days_apart(#[case] days: i64) {
    let stack = Stack::new(Store::Postgres).await;
    let by = SignedDuration::from_hours(24 * days);
    let wrong = stack.replica_on(Arc::new(ShiftedClock { by })).await;

    let opened_here = stack.logged_in("alice").await;
    let there = post(&wrong, "/user/refresh", &refresh_body(&opened_here)).await;
    let there = there.data();
    me(&wrong, &opened_here).await.data();
    me(&wrong, &there).await.data();
    stack.me(&there["token"]).await.data();

    let login = json!({ "platCode": stack.code("alice") });
    let opened_there = post(&wrong, "/user/wxlogin", &login).await.data();
    stack.me(&opened_there["token"]).await.data();
    let here = stack
        .send(
            Method::POST,
            "/user/refresh",
            None,
            Some(&refresh_body(&opened_there)),
        )
        .await
        .data();
    me(&wrong, &here).await.data();

    let listed = stack
        .send(Method::GET, "/user/sessions", here["token"].as_str(), None)
        .await
        .data();
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    let now = ShiftedClock {
        by: SignedDuration::ZERO,
    }
    .now();
    for session in listed {
        for field in ["createdAt", "lastUsedAt"] {
            let at: Timestamp = session[field].as_str().unwrap().parse().unwrap();
            assert!(at.duration_since(now).abs() < SignedDuration::from_mins(1));
        }
    }
    let claims = opened_there["token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    let issued_at = claims["iat"].as_i64().unwrap();
    assert!((issued_at - now.as_second()).abs() < 60);
}
