//! Behind the gateway of WeChat's cloud hosting.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store};

async fn ask(stack: &Stack, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = stack.request(Method::POST, "/user/wxlogin").json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[rstest]
#[tokio::test]
async fn the_gateway_names_the_user_and_no_code_is_needed(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::with(store, |settings| settings.wechat.cloud_hosting = true).await;
    let by_code = stack.logged_in("alice").await;
    let app = stack.app_id(0);
    let open_id = by_code["openId"].as_str().unwrap();
    let headers = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", &app),
        ("x-wx-openid", open_id),
    ];
    let data = ask(&stack, &headers, &json!({})).await.data();
    assert_eq!(
        (&data["userId"], &data["openId"]),
        (&by_code["userId"], &by_code["openId"])
    );
    assert_eq!(
        (&data["unionId"], &data["isNewUser"]),
        (&by_code["unionId"], &json!(false))
    );
    stack.me(&data["token"]).await.data();

    let foreign = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", "wx00"),
        ("x-wx-openid", open_id),
    ];
    ask(&stack, &foreign, &json!({}))
        .await
        .refused(400, "unknown_app");
    let past_the_gateway = &headers[1..];
    ask(&stack, past_the_gateway, &json!({}))
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn without_the_operators_word_the_headers_mean_nothing() {
    let stack = Stack::new(Store::Sqlite).await;
    let app = stack.app_id(0);
    let headers = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", &app),
        ("x-wx-openid", "o-forged"),
    ];
    ask(&stack, &headers, &json!({}))
        .await
        .refused(400, "invalid_request");
    let body = json!({ "platCode": stack.code("alice") });
    assert_ne!(
        ask(&stack, &headers, &body).await.data()["openId"],
        "o-forged"
    );
}

#[rstest]
#[case::no_body("")]
#[case::empty_code(r#"{"platCode":""}"#)]
#[case::no_code(r#"{"platCode":null,"nonce":"x"}"#)]
#[case::wrong_kind(r#"{"platCode":"","platUserInfoMap":5,"appId":[]}"#)]
#[case::wrong_data(r#"{"platCode":"","platUserInfoMap":{"encryptedData":"%","rawData":"{}"}}"#)]
#[case::no_json("platCode=")]
#[tokio::test]
async fn what_stands_in_the_body_does_not_matter_where_the_gateway_names_the_user(
    #[case] body: &'static str,
) {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.wechat.cloud_hosting = true;
    })
    .await;
    let request = stack
        .request(Method::POST, "/user/wxlogin")
        .header("x-wx-source", "wx_client")
        .header("x-wx-appid", stack.app_id(0))
        .header("x-wx-openid", "o-named");
    let answer = Answer::read(request.body(body).send().await.unwrap()).await;
    assert_eq!(answer.data()["openId"], "o-named");
}

/// A message as WeChat's own link brings it: unsigned and in clear.
async fn push(stack: &Stack, app: usize, headers: &[(&str, &str)], body: &str) -> Answer {
    let path = format!("/wechat/events/{}", stack.app_id(app));
    let mut request = stack.request(Method::POST, &path).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[rstest]
#[case(r#"{"action":"CheckContainerPath"}"#)]
#[case("<xml><action>CheckContainerPath</action></xml>")]
#[tokio::test]
async fn the_console_can_save_the_address_of_a_container(#[case] check: &str) {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.wechat.cloud_hosting = true;
        settings.apps[0].push_token = Some(api::settings::Secret::new("AAAAA"));
    })
    .await;
    for app in [0, 1] {
        let answer = push(&stack, app, &[("x-wx-source", "wx_server")], check).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body),
            (200, &json!("success"))
        );
    }
    push(&stack, 0, &[], check).await.refused(403, "forbidden");
    push(&stack, 1, &[], check).await.refused(404, "not_found");
}

#[rstest]
#[case(r#"{"MsgType":"event","Event":"user_authorization_cancellation","OpenID":"OPENID"}"#)]
#[case(
    "<xml><Event><![CDATA[user_authorization_cancellation]]></Event><OpenID>OPENID</OpenID></xml>"
)]
#[tokio::test]
async fn a_container_gets_events_without_a_signature(#[case] event: &str) {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.wechat.cloud_hosting = true;
    })
    .await;
    let login = stack.logged_in("alice").await;
    let event = event.replace("OPENID", login["openId"].as_str().unwrap());
    let past_the_gateway = push(&stack, 0, &[], &event).await;
    past_the_gateway.refused(404, "not_found");
    stack.me(&login["token"]).await.data();
    let answer = push(&stack, 0, &[("x-wx-source", "wx_server")], &event).await;
    assert_eq!(answer.body, "success");
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
}

#[tokio::test]
async fn the_mark_of_the_link_means_nothing_elsewhere() {
    let stack = Stack::new(Store::Sqlite).await;
    let answer = push(&stack, 0, &[("x-wx-source", "wx_server")], "{}").await;
    answer.refused(404, "not_found");
}
