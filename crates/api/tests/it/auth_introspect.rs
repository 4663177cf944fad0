//! Token introspection (RFC 7662).

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_stack::{EVERYTHING, INTROSPECTOR, ask, id, keys, stack};
use crate::stack::{Answer, Stack, Store, soon};

const FORM: &str = "application/x-www-form-urlencoded";

async fn post(stack: &Stack, kind: Option<&str>, body: String) -> Answer {
    let mut request = stack
        .request(Method::POST, "/auth/introspect")
        .bearer_auth(INTROSPECTOR)
        .body(body);
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    Answer::read(request.send().await.unwrap()).await
}

async fn introspected(stack: &Stack, token: &Value) -> Value {
    let body = format!(
        "token={}&token_type_hint=access_token",
        token.as_str().unwrap()
    );
    let answer = post(stack, Some(FORM), body).await;
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    answer.body
}

fn inactive() -> Value {
    json!({ "active": false })
}

#[rstest]
#[tokio::test]
async fn a_good_token_is_active_with_its_claims(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let login = stack.logged_in("alice").await;
    let told = introspected(&stack, &login["token"]).await;
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], login["userId"]);
    assert_eq!(told["username"], login["userId"]);
    assert_eq!(told["app"], stack.app_id(0));
    assert_eq!(
        (&told["iss"], &told["token_type"]),
        (&json!("wxlogin"), &json!("Bearer"))
    );
    let lifetime = told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap();
    assert_eq!(json!(lifetime), login["expiresIn"]);
    assert!(told["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
    told["sid"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    assert!(told.get("code").is_none() && told.get("data").is_none());
}

#[rstest]
#[tokio::test]
async fn a_token_whose_session_has_ended_is_inactive(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let [out, disabled, deleted] = [
        stack.logged_in("alice").await,
        stack.logged_in("bob").await,
        stack.logged_in("carol").await,
    ];
    for login in [&out, &disabled, &deleted] {
        assert_eq!(introspected(&stack, &login["token"]).await["active"], true);
    }
    stack
        .send(Method::POST, "/user/logout", out["token"].as_str(), None)
        .await
        .data();
    let disable = format!("/admin/users/{}/disable", id(&disabled));
    ask(&stack, Method::POST, &disable).await.data();
    let delete = format!("/admin/users/{}", id(&deleted));
    ask(&stack, Method::DELETE, &delete).await.data();
    for login in [&out, &disabled, &deleted] {
        assert_eq!(introspected(&stack, &login["token"]).await, inactive());
    }
}

#[tokio::test]
async fn what_is_no_access_token_of_ours_is_inactive() {
    let stack = stack(Store::Sqlite).await;
    let stranger = Stack::with(Store::Sqlite, |settings| {
        settings.master_key = vec![api::settings::Secret::new(
            "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=",
        )];
    })
    .await;
    let login = stack.logged_in("alice").await;
    let foreign = stranger.logged_in("alice").await;
    for token in [
        &json!("x"),
        &json!("x.y.z"),
        &json!(EVERYTHING),
        &login["refreshToken"],
        &foreign["token"],
    ] {
        assert_eq!(introspected(&stack, token).await, inactive(), "{token}");
    }
}

#[tokio::test]
async fn an_expired_token_is_inactive() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = keys();
        settings.tokens.access_ttl_s = 1;
    })
    .await;
    let login = stack.logged_in("alice").await;
    let told = soon("the token to expire", || async {
        let told = introspected(&stack, &login["token"]).await;
        (told["active"] == false).then_some(told)
    })
    .await;
    assert_eq!(told, inactive());
}

#[rstest]
#[case("")]
#[case("token=")]
#[case("token_type_hint=access_token")]
#[case("token=a&token=b")]
#[tokio::test]
async fn a_form_without_one_token_is_a_400(#[case] body: &str) {
    let stack = stack(Store::Sqlite).await;
    let answer = post(&stack, Some(FORM), body.to_owned()).await;
    let msg = answer.refused(400, "invalid_request");
    assert!(msg.contains("token"), "{msg}");
}

#[rstest]
#[case(None)]
#[case(Some("application/json"))]
#[case(Some("multipart/form-data; boundary=x"))]
#[tokio::test]
async fn what_is_no_form_is_a_415(#[case] kind: Option<&str>) {
    let stack = stack(Store::Sqlite).await;
    let answer = post(&stack, kind, String::from("token=x")).await;
    answer.refused(415, "unsupported_media_type");
    let with_charset = format!("{FORM}; charset=utf-8");
    let answer = post(&stack, Some(&with_charset), String::from("token=x")).await;
    assert_eq!(answer.body, inactive());
}

/// A key whose name and secret change when they are form-escaped.
fn odd_keys() -> Vec<api::settings::ApiKey> {
    let mut keys = keys();
    keys.push(api::settings::ApiKey {
        name: Some(String::from("orders & 订单")),
        key: api::settings::Secret::new("a+b/c%20d:e=0123456789"),
        scopes: Some(vec![api::settings::Scope::Introspect]),
    });
    keys
}

#[tokio::test]
async fn oauth_clients_present_the_keys_name_and_the_key() {
    use base64::Engine;
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = odd_keys();
    })
    .await;
    let login = stack.logged_in("alice").await;
    let token = login["token"].as_str().unwrap();
    let escaped =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let basic = |text: String| {
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        format!("Basic {text}")
    };
    let (name, key) = ("orders & 订单", "a+b/c%20d:e=0123456789");
    let introspect = async |authorization: Option<String>, more: &[(&str, &str)]| {
        let mut form = vec![("token", token)];
        form.extend_from_slice(more);
        let mut request = stack.request(Method::POST, "/auth/introspect").form(&form);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        Answer::read(request.send().await.unwrap()).await
    };
    for good in [
        introspect(Some(basic(format!("{name}:{key}"))), &[]).await,
        introspect(
            Some(basic(format!("{}:{}", escaped(name), escaped(key)))),
            &[],
        )
        .await,
        introspect(None, &[("client_id", name), ("client_secret", key)]).await,
        introspect(Some(format!("Bearer {key}")), &[]).await,
    ] {
        assert_eq!(
            (good.status.as_u16(), &good.body["active"]),
            (200, &json!(true))
        );
    }
    for (status, error, bad) in [
        (
            401,
            "token_invalid",
            introspect(Some(basic(format!("other:{key}"))), &[]).await,
        ),
        (
            401,
            "token_invalid",
            introspect(Some(basic(format!("{name}:{key}x"))), &[]).await,
        ),
        (
            401,
            "token_invalid",
            introspect(Some(basic(format!(":{key}"))), &[]).await,
        ),
        (
            401,
            "token_invalid",
            introspect(Some(basic(key.to_owned())), &[]).await,
        ),
        (
            401,
            "token_missing",
            introspect(Some(String::from("Basic ")), &[]).await,
        ),
        (401, "token_missing", introspect(None, &[]).await),
        (
            401,
            "token_missing",
            introspect(None, &[("client_id", name)]).await,
        ),
        (
            401,
            "token_invalid",
            introspect(None, &[("client_id", "x"), ("client_secret", key)]).await,
        ),
        // The header decides where there is one.
        (
            401,
            "token_invalid",
            introspect(
                Some(basic(String::from("a:b"))),
                &[("client_id", name), ("client_secret", key)],
            )
            .await,
        ),
    ] {
        bad.refused(status, error);
    }
    let reader = format!("reader:{}", crate::admin_stack::READER);
    introspect(Some(basic(reader)), &[])
        .await
        .refused(403, "forbidden");
}
