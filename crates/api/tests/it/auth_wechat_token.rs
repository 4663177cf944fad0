//! WeChat's access_token for the team's other services.

use api::settings::Secret;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::admin_stack::{TOKEN_TAKER, ask, keys, seen, stack};
use crate::stack::{Stack, Store};

const PATH: &str = "/auth/wechat-token";

#[rstest]
#[tokio::test]
async fn it_is_the_apps_current_token_until_it_expires(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let of = async |query: String| seen(&stack, &format!("/auth/wechat-token{query}")).await;
    let first = of(String::new()).await;
    let seconds = first["expiresIn"].as_u64().unwrap();
    assert!((1..=7_200).contains(&seconds), "{seconds}");
    let same = of(format!("?appId={}&unknown=1", stack.app_id(0))).await;
    assert_eq!(same["accessToken"], first["accessToken"]);
    let other = of(format!("?appId={}", stack.app_id(1))).await;
    assert_ne!(other["accessToken"], first["accessToken"]);
    ask(
        &stack,
        Method::GET,
        "/auth/wechat-token?appId=wx0000000000000000",
    )
    .await
    .refused(400, "unknown_app");
}

#[tokio::test]
async fn wechat_takes_the_token() {
    let stack = stack(Store::Sqlite).await;
    let token = seen(&stack, "/auth/wechat-token").await;
    let reply = reqwest::Client::new()
        .post(format!(
            "{}/cgi-bin/openapi/quota/get",
            stack.sandbox.base_url()
        ))
        .query(&[("access_token", token["accessToken"].as_str().unwrap())])
        .json(&serde_json::json!({ "cgi_path": "/cgi-bin/stable_token" }))
        .send()
        .await
        .unwrap();
    let reply: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(reply["errcode"], 0, "{reply:#}");
}

#[rstest]
#[tokio::test]
async fn a_token_that_wechat_has_dropped_is_replaced_once_it_is_reported(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let report = async |token: &serde_json::Value| {
        let body = json!({ "refused": token, "appId": "" });
        stack
            .send(Method::POST, PATH, Some(TOKEN_TAKER), Some(&body))
            .await
            .data()
    };
    let first = seen(&stack, PATH).await["accessToken"].clone();
    let asked = || {
        stack
            .sandbox
            .control()
            .count_of(wxsandbox::Api::StableToken)
    };
    let before = asked();
    // For an older one than the stored one WeChat is not asked.
    assert_eq!(report(&json!("an older one")).await["accessToken"], first);
    assert_eq!(asked(), before);
    stack
        .sandbox
        .control()
        .revoke_tokens(&stack.app_id(0))
        .unwrap();
    let second = report(&first).await["accessToken"].clone();
    assert_ne!(second, first);
    assert_eq!(asked(), before + 1);
    for token in [&first, &second] {
        assert_eq!(report(token).await["accessToken"], second);
    }
    assert_eq!(asked(), before + 1, "at most once in ten seconds");
    assert_eq!(seen(&stack, PATH).await["accessToken"], second);
    let elsewhere = stack.replica().await;
    let body = json!({ "refused": first });
    let there = elsewhere
        .send(Method::POST, PATH, Some(TOKEN_TAKER), Some(&body))
        .await
        .data();
    assert_eq!(there["accessToken"], second);
    assert_eq!(asked(), before + 1);
}

#[rstest]
#[case(json!({}), "invalid_request")]
#[case(json!({"refused": ""}), "invalid_request")]
#[case(json!({"refused": 5}), "invalid_request")]
#[case(json!({"refused": "x".repeat(2_000)}), "invalid_request")]
#[case(json!({"refused": "x", "appId": "wx0000000000000000"}), "unknown_app")]
#[tokio::test]
async fn a_report_says_which_token(#[case] body: serde_json::Value, #[case] error: &str) {
    let stack = stack(Store::Sqlite).await;
    let answer = stack
        .send(Method::POST, PATH, Some(TOKEN_TAKER), Some(&body))
        .await;
    answer.refused(400, error);
    let answer = stack.send(
        Method::POST,
        PATH,
        Some(crate::admin_stack::SIGNER),
        Some(&body),
    );
    answer.await.refused(403, "forbidden");
}

#[tokio::test]
async fn no_token_is_handed_out_that_the_audit_log_does_not_hold() {
    let database = testpg::database().unwrap();
    let url = Secret::new(database.url());
    // The database of the stack stays unused; this one goes away under it.
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = keys();
        settings.database.url = url;
    })
    .await;
    let path = "/auth/wechat-token";
    stack
        .send(Method::GET, path, Some(TOKEN_TAKER), None)
        .await
        .data();
    drop(database);
    let answer = stack.send(Method::GET, path, Some(TOKEN_TAKER), None).await;
    answer.refused(503, "storage_unavailable");
    assert!(answer.header("retry-after").is_some());
}
