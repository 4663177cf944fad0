//! WeChat's access_token for the team's other services.

use api::settings::Secret;
use reqwest::Method;
use rstest::rstest;

use crate::admin_house::{TOKEN_TAKER, ask, house, keys, seen};
use crate::house::{House, Store};

#[rstest]
#[tokio::test]
async fn it_is_the_apps_current_token_until_it_expires(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = house(store).await;
    let of = async |query: String| seen(&house, &format!("/auth/wechat-token{query}")).await;
    let first = of(String::new()).await;
    let seconds = first["expiresIn"].as_u64().unwrap();
    assert!((1..=7_200).contains(&seconds), "{seconds}");
    let same = of(format!("?appId={}&unknown=1", house.app_id(0))).await;
    assert_eq!(same["accessToken"], first["accessToken"]);
    let other = of(format!("?appId={}", house.app_id(1))).await;
    assert_ne!(other["accessToken"], first["accessToken"]);
    ask(
        &house,
        Method::GET,
        "/auth/wechat-token?appId=wx0000000000000000",
    )
    .await
    .refused(400, "unknown_app");
}

#[tokio::test]
async fn wechat_takes_the_token() {
    let house = house(Store::Sqlite).await;
    let token = seen(&house, "/auth/wechat-token").await;
    let reply = reqwest::Client::new()
        .post(format!(
            "{}/cgi-bin/openapi/quota/get",
            house.sandbox.base_url()
        ))
        .query(&[("access_token", token["accessToken"].as_str().unwrap())])
        .json(&serde_json::json!({ "cgi_path": "/cgi-bin/stable_token" }))
        .send()
        .await
        .unwrap();
    let reply: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(reply["errcode"], 0, "{reply:#}");
}

#[tokio::test]
async fn no_token_is_handed_out_that_the_audit_log_does_not_hold() {
    let database = testpg::database().unwrap();
    let url = Secret::new(database.url());
    // The house's own database stays unused; this one goes away under it.
    let house = House::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = keys();
        settings.database.url = url;
    })
    .await;
    let path = "/auth/wechat-token";
    house
        .send(Method::GET, path, Some(TOKEN_TAKER), None)
        .await
        .data();
    drop(database);
    let answer = house.send(Method::GET, path, Some(TOKEN_TAKER), None).await;
    answer.refused(503, "storage_unavailable");
    assert!(answer.header("retry-after").is_some());
}
