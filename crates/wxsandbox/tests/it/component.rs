//! Third-party platforms: ticket, tokens, and logins on behalf of an app.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wxsandbox::{ComponentConfig, ComponentKeys};

use crate::house::{House, errcode, text};

const COMPONENT: &str = "wxc000000000000001";
const SECRET: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

fn house() -> House {
    House::with(|config| {
        config.components = vec![ComponentConfig {
            component_app_id: COMPONENT.to_owned(),
            secret: SECRET.into(),
            authorized: vec![config.apps[0].app_id.clone()],
        }];
    })
    .unwrap()
}

fn keys(house: &House) -> ComponentKeys {
    house
        .control()
        .component_keys(COMPONENT, &house.app.id)
        .unwrap()
}

async fn component_token(house: &House, ticket: &str) -> Value {
    let body = json!({
        "component_appid": COMPONENT,
        "component_appsecret": SECRET,
        "component_verify_ticket": ticket,
    });
    let path = "/cgi-bin/component/api_component_token";
    house.post(path, &[], &body).await.unwrap()
}

async fn token(house: &House) -> String {
    let ticket = keys(house).verify_ticket;
    let answer = component_token(house, ticket.expose_secret()).await;
    text(&answer, "component_access_token").unwrap().to_owned()
}

async fn login(house: &House, app_id: &str, code: &str, token: &str) -> Value {
    let query = [
        ("appid", app_id),
        ("js_code", code),
        ("grant_type", "authorization_code"),
        ("component_appid", COMPONENT),
        ("component_access_token", token),
    ];
    house
        .ask("/sns/component/jscode2session", &query)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_platform_logs_in_users_of_an_app_that_authorised_it() {
    let house = house();
    let token = token(&house).await;
    let alice = house.alice().unwrap();
    let code = alice.login().unwrap();
    let answer = login(&house, &house.app.id, &code, &token).await;
    assert_eq!(text(&answer, "openid").unwrap(), alice.openid());
    let again = login(&house, &house.app.id, &code, &token).await;
    assert_eq!(errcode(&again), Some(40163));
}

#[tokio::test]
async fn a_platform_may_not_act_for_other_apps_or_without_a_token() {
    let house = house();
    let token = token(&house).await;
    let other = house.control().phone("alice", &house.other_app.id).unwrap();
    let code = other.login().unwrap();
    let answer = login(&house, &house.other_app.id, &code, &token).await;
    assert_eq!(errcode(&answer), Some(61003));
    let code = house.alice().unwrap().login().unwrap();
    let answer = login(&house, &house.app.id, &code, "").await;
    assert_eq!(errcode(&answer), Some(41021));
    let app_token = house.token().await.unwrap();
    let answer = login(&house, &house.app.id, &code, &app_token).await;
    assert_eq!(errcode(&answer), Some(40001));
}

#[tokio::test]
async fn tickets_expire_after_twelve_hours_and_made_up_ones_are_invalid() {
    let house = house();
    let ticket = keys(&house).verify_ticket;
    house.control().advance(Duration::from_hours(12));
    let expired = component_token(&house, ticket.expose_secret()).await;
    assert_eq!(errcode(&expired), Some(61005));
    let invalid = component_token(&house, "made up").await;
    assert_eq!(errcode(&invalid), Some(61006));
}

#[tokio::test]
async fn an_authorizer_token_takes_the_place_of_the_apps_own() {
    let house = house();
    let component_token = token(&house).await;
    let refresh = keys(&house).authorizer_refresh_token;
    let ask = async |refresh: &str| {
        let query = [("component_access_token", component_token.as_str())];
        let body = json!({
            "component_appid": COMPONENT,
            "authorizer_appid": house.app.id,
            "authorizer_refresh_token": refresh,
        });
        let path = "/cgi-bin/component/api_authorizer_token";
        house.post(path, &query, &body).await.unwrap()
    };
    let answer = ask(refresh.expose_secret()).await;
    let token = text(&answer, "authorizer_access_token").unwrap();
    let query = [("access_token", token)];
    let body = json!({"code": "0".repeat(64)});
    let path = "/wxa/business/getuserphonenumber";
    let used = house.post(path, &query, &body).await.unwrap();
    assert_eq!(errcode(&used), Some(40029), "the token was taken");
    assert_eq!(errcode(&ask("made up").await), Some(61023));
}
