//! Third-party platforms: ticket, tokens, and logins on behalf of an app.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wxsandbox::{ComponentConfig, ComponentKeys};

use crate::stack::{Stack, errcode, text};

const COMPONENT: &str = "wxc000000000000001";
const SECRET: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

fn stack() -> Stack {
    Stack::with(|config| {
        config.components = vec![ComponentConfig {
            component_app_id: COMPONENT.to_owned(),
            secret: SECRET.into(),
            authorized: vec![config.apps[0].app_id.clone()],
        }];
    })
    .unwrap()
}

fn keys(stack: &Stack) -> ComponentKeys {
    stack
        .control()
        .component_keys(COMPONENT, &stack.app.id)
        .unwrap()
}

async fn component_token(stack: &Stack, ticket: &str) -> Value {
    let body = json!({
        "component_appid": COMPONENT,
        "component_appsecret": SECRET,
        "component_verify_ticket": ticket,
    });
    let path = "/cgi-bin/component/api_component_token";
    stack.post(path, &[], &body).await.unwrap()
}

async fn token(stack: &Stack) -> String {
    let ticket = keys(stack).verify_ticket;
    let answer = component_token(stack, ticket.expose_secret()).await;
    text(&answer, "component_access_token").unwrap().to_owned()
}

async fn login(stack: &Stack, app_id: &str, code: &str, token: &str) -> Value {
    let query = [
        ("appid", app_id),
        ("js_code", code),
        ("grant_type", "authorization_code"),
        ("component_appid", COMPONENT),
        ("component_access_token", token),
    ];
    stack
        .ask("/sns/component/jscode2session", &query)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_platform_logs_in_users_of_an_app_that_authorised_it() {
    let stack = stack();
    let token = token(&stack).await;
    let alice = stack.alice().unwrap();
    let code = alice.login().unwrap();
    let answer = login(&stack, &stack.app.id, &code, &token).await;
    assert_eq!(text(&answer, "openid").unwrap(), alice.openid());
    let again = login(&stack, &stack.app.id, &code, &token).await;
    assert_eq!(errcode(&again), Some(40163));
}

#[tokio::test]
async fn a_platform_may_not_act_for_other_apps_or_without_a_token() {
    let stack = stack();
    let token = token(&stack).await;
    let other = stack.control().phone("alice", &stack.other_app.id).unwrap();
    let code = other.login().unwrap();
    let answer = login(&stack, &stack.other_app.id, &code, &token).await;
    assert_eq!(errcode(&answer), Some(61003));
    let code = stack.alice().unwrap().login().unwrap();
    let answer = login(&stack, &stack.app.id, &code, "").await;
    assert_eq!(errcode(&answer), Some(41021));
    let app_token = stack.token().await.unwrap();
    let answer = login(&stack, &stack.app.id, &code, &app_token).await;
    assert_eq!(errcode(&answer), Some(40001));
}

#[tokio::test]
async fn tickets_expire_after_twelve_hours_and_made_up_ones_are_invalid() {
    let stack = stack();
    let ticket = keys(&stack).verify_ticket;
    stack.control().advance(Duration::from_hours(12));
    let expired = component_token(&stack, ticket.expose_secret()).await;
    assert_eq!(errcode(&expired), Some(61005));
    let invalid = component_token(&stack, "made up").await;
    assert_eq!(errcode(&invalid), Some(61006));
}

#[tokio::test]
async fn an_authorizer_token_takes_the_place_of_the_apps_own() {
    let stack = stack();
    let component_token = token(&stack).await;
    let refresh = keys(&stack).authorizer_refresh_token;
    let ask = async |refresh: &str| {
        let query = [("component_access_token", component_token.as_str())];
        let body = json!({
            "component_appid": COMPONENT,
            "authorizer_appid": stack.app.id,
            "authorizer_refresh_token": refresh,
        });
        let path = "/cgi-bin/component/api_authorizer_token";
        stack.post(path, &query, &body).await.unwrap()
    };
    let answer = ask(refresh.expose_secret()).await;
    let token = text(&answer, "authorizer_access_token").unwrap();
    let query = [("access_token", token)];
    let body = json!({"code": "0".repeat(64)});
    let path = "/wxa/business/getuserphonenumber";
    let used = stack.post(path, &query, &body).await.unwrap();
    assert_eq!(errcode(&used), Some(40029), "the token was taken");
    assert_eq!(errcode(&ask("made up").await), Some(61023));
}
