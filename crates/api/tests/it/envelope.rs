//! The form of every answer, whatever is thrown at the service.

use api::settings::{CorsHeader, CorsOrigin};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store};

async fn post(stack: &Stack, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = stack
        .request(Method::POST, "/user/wxlogin")
        .header("content-type", kind)
        .body(body);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn what_is_not_there_is_a_404_in_the_same_form() {
    let stack = Stack::new(Store::Sqlite).await;
    for path in [
        "/",
        "/user",
        "/user/wxlogin/",
        "/admin/users",
        "/%ff%00",
        "/user/me?x=1/../",
    ] {
        let answer = stack.send(Method::GET, path, None, None).await;
        if path.starts_with("/user/me") {
            answer.refused(401, "token_missing");
        } else {
            answer.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn the_operations_listener_names_its_requests_and_refuses_as_the_service_does() {
    let stack = Stack::new(Store::Sqlite).await;
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let answer = stack.ops_request(Method::GET, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        assert!(!answer.headers()["x-request-id"].is_empty(), "{path}");
    }
    let posted = Answer::read(stack.ops_request(Method::POST, "/metrics").await).await;
    posted.refused(405, "method_not_allowed");
    assert_eq!(posted.header("allow"), Some("GET"));
    let unknown = stack.ops_request(Method::GET, "/nope").await;
    Answer::read(unknown).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_method_a_path_does_not_know_is_a_405_with_those_it_knows() {
    let stack = Stack::new(Store::Sqlite).await;
    for method in ["DELETE", "PUT", "OPTIONS", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = stack.send(method, "/user/wxlogin", None, None).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, POST"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_a_413() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.server.max_body_bytes = 1_000;
    })
    .await;
    let body = json!({ "platCode": "x", "more": "x".repeat(1_000) }).to_string();
    post(&stack, "application/json", body)
        .await
        .refused(413, "payload_too_large");
}

#[rstest]
#[case("application/x-www-form-urlencoded")]
#[case("text/plain")]
#[case("multipart/form-data; boundary=x")]
#[tokio::test]
async fn what_does_not_claim_to_be_json_is_a_415(#[case] kind: &str) {
    let stack = Stack::new(Store::Sqlite).await;
    post(&stack, kind, r#"{"platCode":"x"}"#)
        .await
        .refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_login_by_get_without_a_code_is_a_400_that_names_the_field() {
    let stack = Stack::new(Store::Sqlite).await;
    for query in ["", "?platCode=", "?platCode=undefined", "?appId="] {
        let path = format!("/user/wxlogin{query}");
        let answer = stack.send(Method::GET, &path, None, None).await;
        let msg = answer.refused(400, "invalid_request");
        assert!(msg.contains("platCode"), "{query}: {msg}");
    }
}

#[rstest]
#[case("", "JSON")]
#[case("{", "JSON")]
#[case("[]", "JSON")]
#[case("null", "JSON")]
#[case("\u{0}", "JSON")]
#[case("{}", "platCode")]
#[case(r#"{"platCode":null}"#, "platCode")]
#[case(r#"{"platCode":""}"#, "platCode")]
#[case(r#"{"platCode":5}"#, "platCode")]
#[case(r#"{"platCode":["x"]}"#, "platCode")]
#[case(r#"{"platCode":"x","appId":5}"#, "appId")]
#[case(r#"{"platCode":"x","nonce":{}}"#, "nonce")]
#[case(r#"{"platCode":"x","platUserInfoMap":"x"}"#, "platUserInfoMap")]
#[tokio::test]
async fn a_body_that_makes_no_sense_is_a_400_that_names_the_field(
    #[case] body: String,
    #[case] named: &str,
) {
    let stack = Stack::new(Store::Sqlite).await;
    let msg = post(&stack, "application/json; charset=utf-8", body)
        .await
        .refused(400, "invalid_request");
    assert!(msg.contains(named), "{msg}");
}

#[tokio::test]
async fn garbage_is_refused_and_never_a_bug() {
    let stack = Stack::new(Store::Sqlite).await;
    let too_long = json!({ "platCode": "x".repeat(5_000) })
        .to_string()
        .into_bytes();
    let deep = [b"{\"platCode\":".to_vec(), vec![b'['; 5_000]].concat();
    for body in [
        too_long,
        deep,
        vec![0xff; 100],
        b"{\"platCode\":\"\\ud800\"}".to_vec(),
    ] {
        post(&stack, "application/json", body)
            .await
            .refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn the_callers_request_id_is_kept_if_it_is_sane() {
    let stack = Stack::new(Store::Sqlite).await;
    let ask = async |id: &[u8]| {
        let request = stack
            .request(Method::GET, "/user/me")
            .header("x-request-id", id);
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer.refused(401, "token_missing");
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(ask(b"phone-7.42").await, "phone-7.42");
    for insane in [&b"a b"[..], b"<script>", &[b'x'; 129], b"\xff"] {
        let id = ask(insane).await;
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call_and_no_other() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.server.cors_allowed_origins = vec![CorsOrigin::Exactly(String::from(
            "https://shop.example.com",
        ))];
    })
    .await;
    let ask = async |origin: &str| {
        let request = stack
            .request(Method::GET, "/user/me")
            .header("origin", origin);
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    assert_eq!(
        ask("https://shop.example.com").await.as_deref(),
        Some("https://shop.example.com")
    );
    assert_eq!(ask("https://elsewhere.example.com").await, None);
}

/// A preflight of a page of `origin`, for the method and headers it names.
async fn preflight(stack: &Stack, origin: &str, method: &str, headers: &str) -> Answer {
    let request = stack
        .request(Method::OPTIONS, "/user/me")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_refused_preflight_has_the_form_of_every_failure() {
    const SHOP: &str = "https://shop.example.com";
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.server.cors_allowed_origins = vec![CorsOrigin::Exactly(String::from(SHOP))];
    })
    .await;
    for headers in [
        "authorization,content-type",
        "X-Requested-With",
        "x-request-id",
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let allowed = preflight(&stack, SHOP, method, headers).await;
            assert!(
                allowed.status.is_success(),
                "{method} {headers} {allowed:?}"
            );
            assert_eq!(allowed.header("access-control-allow-origin"), Some(SHOP));
        }
    }
    for (origin, method, headers, named) in [
        (
            "https://elsewhere.example.com",
            "GET",
            "content-type",
            "cors_allowed_origins",
        ),
        (SHOP, "TRACE", "content-type", "方法"),
        (SHOP, "GET", "x-trace-id", "cors_allowed_headers"),
        (
            SHOP,
            "GET",
            "content-type,x-trace-id",
            "cors_allowed_headers",
        ),
    ] {
        let msg = preflight(&stack, origin, method, headers)
            .await
            .refused(400, "invalid_request");
        assert!(msg.contains(named), "{method} {headers}: {msg}");
    }
}

#[tokio::test]
async fn the_operator_says_which_headers_a_page_may_send() {
    const SHOP: &str = "https://shop.example.com";
    let with = async |headers: Vec<CorsHeader>| {
        Stack::with(Store::Sqlite, |settings| {
            settings.server.cors_allowed_origins = vec![CorsOrigin::Any];
            settings.server.cors_allowed_headers = headers;
        })
        .await
    };
    let stack = with(vec![CorsHeader::Named("x-trace-id".parse().unwrap())]).await;
    let status = preflight(&stack, SHOP, "GET", "X-Trace-Id").await.status;
    assert!(status.is_success(), "{status}");
    preflight(&stack, SHOP, "GET", "x-other")
        .await
        .refused(400, "invalid_request");
    let stack = with(vec![CorsHeader::Any]).await;
    let status = preflight(&stack, SHOP, "GET", "x-other, x-more")
        .await
        .status;
    assert!(status.is_success(), "{status}");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let stack = Stack::new(Store::Sqlite).await;
    stack.logged_in("alice").await;
    stack
        .send(Method::GET, "/secret-path", None, None)
        .await
        .refused(404, "not_found");
    let (_, metrics) = stack.ops("/metrics").await;
    assert!(
        metrics
            .contains(r#"http_requests_total{route="/user/wxlogin",method="POST",status="200"} 1"#),
        "{metrics}"
    );
    assert!(!metrics.contains("secret-path"));
    let _: Value = serde_json::from_str(&stack.ops("/health/live").await.1).unwrap();
}

#[tokio::test]
async fn headers_that_are_too_large_get_an_envelope() {
    let stack = Stack::new(Store::Sqlite).await;
    let request = stack.request(Method::GET, "/auth/verify");
    let many = (0..8).fold(request, |request, number| {
        request.header(format!("x-cookie-{number}"), "x".repeat(8_000))
    });
    let refused = Answer::read(many.send().await.unwrap()).await;
    refused.refused(431, "headers_too_large");
    let request = stack.request(Method::GET, "/auth/verify");
    let large = request.header("cookie", "x".repeat(30_000));
    let answer = Answer::read(large.send().await.unwrap()).await;
    answer.refused(401, "token_missing");
}
