//! Bodies that do not come, or that are not read.

use std::time::{Duration, Instant};

use api::settings::Secret;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Method;
use serde_json::json;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wxsandbox::{Api, Fault, FaultEffect};

use crate::stack::{Stack, Store, soon};

/// Long enough for a busy machine, and below the 10 s that a body may take.
const AT_ONCE: Duration = Duration::from_secs(6);

async fn connect(stack: &Stack) -> TcpStream {
    TcpStream::connect(stack.address()).await.unwrap()
}

/// The head of a POST whose body has `length` bytes.
fn head(path: &str, length: usize, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n{headers}\r\n")
}

/// A request whose body does not come.
async fn unfinished(stack: &Stack, path: &str, headers: &str) -> TcpStream {
    let mut connection = connect(stack).await;
    let head = head(path, 50, headers);
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

/// The next answer on the connection, head and body.
async fn answer(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    let read = async {
        let mut buffer = [0; 2048];
        while !is_whole(&text) {
            let read = connection.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "closed after {text:?}");
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    };
    timeout(AT_ONCE, read).await.unwrap();
    text
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.strip_prefix("content-length: "))
        .find_map(|length| length.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

#[tokio::test]
async fn unfinished_bodies_take_no_place() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.limits.max_inflight = 2).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(unfinished(&stack, "/user/wxlogin", "").await);
    }
    // Head and body in two pieces, as some HTTP libraries send them.
    let mut connection = connect(&stack).await;
    let body = json!({ "platCode": stack.code("alice") }).to_string();
    let head = head("/user/wxlogin", body.len(), "");
    connection.write_all(head.as_bytes()).await.unwrap();
    tokio::task::yield_now().await;
    connection.write_all(body.as_bytes()).await.unwrap();
    let answer = answer(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn one_address_has_so_many_unfinished_bodies_and_the_oldest_gives_way() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let of = |address| format!("x-forwarded-for: 198.51.100.{address}\r\n");
    let mut other = unfinished(&stack, "/user/refresh", &of(2)).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(unfinished(&stack, "/user/refresh", &of(1)).await);
    }
    let answers: FuturesUnordered<_> = crowd.iter_mut().map(answer).collect();
    let refused: Vec<_> = answers.take(100 - 64).collect().await;
    for refused in refused {
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(refused.contains("overloaded"), "{refused}");
    }
    let mut latest = unfinished(&stack, "/user/refresh", &of(1)).await;
    let body = format!("{:50}", r#"{"refreshToken":"x"}"#);
    for connection in [&mut other, &mut latest] {
        connection.write_all(body.as_bytes()).await.unwrap();
        let answer = answer(connection).await;
        assert!(answer.contains("refresh_invalid"), "{answer}");
    }
}

#[tokio::test]
async fn a_push_that_is_not_signed_is_refused_without_its_body() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.apps[0].push_token = Some(Secret::new("push-token-of-16"));
    })
    .await;
    let app = format!("/wechat/events/{}", stack.app_id(0));
    let wrong = format!("{app}?signature=00&timestamp=1&nonce=2");
    let expected = [
        (app, "403"),
        (wrong, "403"),
        (String::from("/wechat/events/wxunknown"), "404"),
    ];
    for (path, status) in expected {
        let answer = answer(&mut unfinished(&stack, &path, "").await).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_refusal_reads_a_small_body_and_keeps_the_connection() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.limits.login_per_minute_per_ip = 1;
        settings.admin.api_keys = vec![api::settings::ApiKey {
            name: Some(String::from("reader")),
            key: Secret::new("a-key-that-may-only-read"),
            scopes: Some(vec![api::settings::Scope::Read]),
        }];
        settings.apps[0].push_token = Some(Secret::new("push-token-of-16"));
    })
    .await;
    let user = "00000000-0000-7000-8000-000000000000";
    let disable = format!("/admin/users/{user}/disable");
    let push = format!("/wechat/events/{}", stack.app_id(0));
    let key = "authorization: Bearer a-key-that-may-only-read\r\n";
    let refusals = [
        ("/user/me", "", 405, 401),
        ("/user/phone", "", 401, 401),
        (disable.as_str(), key, 403, 403),
        (push.as_str(), "", 403, 403),
        ("/no/such/path", "", 404, 404),
        ("/user/sessions", "", 405, 405),
        ("/user/wxlogin", "content-type: text/plain\r\n", 415, 415),
        ("/user/wxlogin", "", 429, 429),
    ];
    let mut connection = connect(&stack).await;
    let body = format!("{:3000}", "{}");
    for (path, headers, expected, or) in refusals {
        let request = head(path, body.len(), headers) + &body;
        connection.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut connection).await;
        let status: u16 = answer[9..12].parse().unwrap();
        assert!(status == expected || status == or, "{path}: {answer}");
        assert!(!answer.contains("connection: close"), "{path}: {answer}");
    }
}

/// A login under way that has the only place. The request that looks whether it has may have taken
/// the place itself, and the login is refused: then another one is sent.
async fn login_in_the_only_place(stack: &Stack) -> TcpStream {
    loop {
        let mut phone = connect(stack).await;
        let body = json!({ "platCode": stack.code("alice") }).to_string();
        let request = head("/user/wxlogin", body.len(), "") + &body;
        phone.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0];
        while timeout(Duration::from_millis(50), phone.read(&mut answer))
            .await
            .is_err()
        {
            let looked = stack.send(Method::GET, "/user/me", None, None).await;
            if looked.status.as_u16() == 503 {
                return phone;
            }
        }
    }
}

#[tokio::test]
async fn a_login_whose_caller_hung_up_keeps_its_place_until_it_is_done() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.limits.max_inflight = 1).await;
    stack.sandbox.control().inject(Fault::on(
        Api::Code2Session,
        FaultEffect::Delay { ms: 4_000 },
    ));
    let me = || stack.send(Method::GET, "/user/me", None, None);
    let phone = login_in_the_only_place(&stack).await;
    SockRef::from(&phone)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(phone);
    let hung_up = Instant::now();
    while hung_up.elapsed() < Duration::from_secs(1) {
        me().await.refused(503, "overloaded");
    }
    soon("the place to be free", || async {
        (me().await.status.as_u16() == 401).then_some(())
    })
    .await;
}
