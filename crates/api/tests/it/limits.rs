//! What one caller, and all together, may ask for.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::stack::{Answer, Stack, Store};

#[tokio::test]
async fn one_address_may_log_in_so_often_a_minute() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.limits.login_per_minute_per_ip = 3;
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let login = async |address: &str| {
        let request = stack
            .request(Method::POST, "/user/wxlogin")
            .header("x-forwarded-for", address);
        let body = json!({ "platCode": stack.code("alice") });
        Answer::read(request.json(&body).send().await.unwrap()).await
    };
    for _ in 0..3 {
        login("198.51.100.1").await.data();
    }
    let refused = login("198.51.100.1").await;
    refused.refused(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    login("198.51.100.2").await.data();
    login("2001:db8::1").await.data();
    for same in [
        "198.51.100.1:50123",
        "\"198.51.100.1\"",
        "198.51.100.1, ",
        "::ffff:198.51.100.1",
    ] {
        login(same).await.refused(429, "rate_limited");
    }
    for other in ["198.51.100.3:50123", "[2001:db8:1::1]:443"] {
        login(other).await.data();
    }
}

#[tokio::test]
async fn more_requests_than_there_are_places_are_refused_at_once() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.limits.max_inflight = 2).await;
    let answers = join_all((0..40).map(|_| async {
        stack
            .login(&json!({ "platCode": stack.code("alice") }))
            .await
    }))
    .await;
    let (good, shed): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status.is_success());
    assert!(
        !good.is_empty() && !shed.is_empty(),
        "{} {}",
        good.len(),
        shed.len()
    );
    for answer in shed {
        answer.refused(503, "overloaded");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}

#[tokio::test]
async fn a_body_that_never_ends_holds_its_place_for_a_while_only() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let stack = Stack::with(Store::Sqlite, |settings| settings.limits.max_inflight = 1).await;
    let mut slow = tokio::net::TcpStream::connect(stack.address())
        .await
        .unwrap();
    let head = "POST /user/wxlogin HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 1024];
    let length = slow.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    stack.logged_in("alice").await;
}
