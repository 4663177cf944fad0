//! What proxies in front of other backends ask.

use api::settings::CorsOrigin;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store};

async fn verify(stack: &Stack, method: Method, token: &Value) -> Answer {
    stack
        .send(method, "/auth/verify", token.as_str(), None)
        .await
}

#[rstest]
#[tokio::test]
async fn a_good_token_is_told_in_headers_and_nowhere_else(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::DELETE,
        Method::OPTIONS
    )]
    method: Method,
) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let answer = verify(&stack, method, &login["token"]).await;
    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!("")));
    assert_eq!(answer.header("x-user-id"), login["userId"].as_str());
    assert_eq!(answer.header("x-open-id"), login["openId"].as_str());
    assert_eq!(answer.header("x-app-id"), Some(stack.app_id(0).as_str()));
    let session = answer.header("x-session-id").unwrap();
    session.parse::<uuid::Uuid>().unwrap();

    let path = format!("/user/sessions/{session}");
    stack
        .send(Method::DELETE, &path, login["token"].as_str(), None)
        .await
        .data();
    verify(&stack, Method::GET, &login["token"])
        .await
        .refused(401, "session_revoked");
}

#[tokio::test]
async fn any_other_token_is_a_401() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    for (token, error) in [
        (Value::Null, "token_missing"),
        (json!("x.y.z"), "token_invalid"),
        (login["refreshToken"].clone(), "token_invalid"),
    ] {
        let answer = verify(&stack, Method::GET, &token).await;
        answer.refused(401, error);
        assert_eq!(answer.header("x-user-id"), None);
    }
}

#[tokio::test]
async fn an_expired_token_is_a_401() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.tokens.access_ttl_s = 1).await;
    let login = stack.logged_in("alice").await;
    let answer = crate::stack::soon("the token to expire", || async {
        let answer = verify(&stack, Method::GET, &login["token"]).await;
        (!answer.status.is_success()).then_some(answer)
    })
    .await;
    answer.refused(401, "token_expired");
}

#[tokio::test]
async fn a_gateway_may_ask_with_any_method_and_below_the_path() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let token = login["token"].as_str();
    for path in ["/auth/verify/", "/auth/verify/orders/1?page=2"] {
        for method in [Method::GET, Method::PUT, Method::PATCH] {
            let answer = stack.send(method.clone(), path, token, None).await;
            assert_eq!(answer.status.as_u16(), 200, "{method} {path}");
            assert_eq!(answer.header("x-open-id"), login["openId"].as_str());
            let answer = stack.send(method, path, None, None).await;
            answer.refused(401, "token_missing");
        }
    }
}

#[tokio::test]
async fn a_preflight_passes_and_an_options_request_without_one_needs_a_token() {
    let stack = Stack::new(Store::Sqlite).await;
    let ask = |name: &'static str, value: &'static str| {
        let request = stack.request(Method::OPTIONS, "/auth/verify/orders");
        async move { request.header(name, value).send().await.unwrap() }
    };
    let preflight = ask("access-control-request-method", "PUT").await;
    assert_eq!(preflight.status().as_u16(), 204);
    assert!(preflight.headers().get("x-user-id").is_none());
    let other = ask("x-other", "PUT").await;
    assert_eq!(other.status().as_u16(), 401);
}

#[tokio::test]
async fn a_preflight_for_a_backend_passes_whatever_origins_this_service_knows() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.server.cors_allowed_origins =
            vec![CorsOrigin::Exactly(String::from("https://a.example"))];
    })
    .await;
    let ask = |path: &'static str| {
        let request = stack.request(Method::OPTIONS, path);
        let request = request.header("origin", "https://b.example");
        request
            .header("access-control-request-method", "PUT")
            .send()
    };
    assert_eq!(ask("/auth/verify/orders").await.unwrap().status(), 204);
    assert_eq!(ask("/user/me").await.unwrap().status(), 400);
}
