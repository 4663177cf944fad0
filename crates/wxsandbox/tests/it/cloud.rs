//! Cloud hosting: whose headers reach the container.

use serde_json::Value;
use wxsandbox::CloudConfig;

use crate::receiver::{Answer, Received, Receiver};
use crate::stack::{Stack, json_of};

const FORGED: &str = "oForgedForgedForgedForgedForge";

fn stack(server: &Receiver) -> Stack {
    Stack::with(|config| {
        config.apps[0].cloud = Some(CloudConfig {
            target: server.url.clone(),
            env: "prod-1".to_owned(),
        });
    })
    .unwrap()
}

async fn call(stack: &Stack, server: &Receiver, way: &str, headers: &[(&str, &str)]) -> Received {
    let url = stack.url(&format!("/cloud/{}/{way}/user/wxlogin?a=1", stack.app.id));
    let mut request = stack.client.post(url).body("hello");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "from the container");
    server.received().pop().unwrap()
}

#[tokio::test]
async fn over_the_link_the_gateway_says_who_it_is_and_forged_headers_are_taken_away() {
    let server = Receiver::answering(Answer::Text("from the container")).unwrap();
    let stack = stack(&server);
    let forged = [
        ("x-wx-openid", FORGED),
        ("x-wx-anything", "1"),
        ("x-other", "kept"),
    ];
    let received = call(&stack, &server, "link/alice", &forged).await;
    let alice = stack.alice().unwrap();
    assert_eq!(received.header("x-wx-openid"), Some(alice.openid()));
    assert_eq!(received.header("x-wx-unionid"), alice.unionid().as_deref());
    assert_eq!(received.header("x-wx-appid"), Some(stack.app.id.as_str()));
    assert_eq!(received.header("x-wx-env"), Some("prod-1"));
    assert_eq!(received.header("x-wx-source"), Some("wx_client"));
    assert_eq!(received.header("x-wx-anything"), None);
    assert_eq!(received.header("x-other"), Some("kept"));
    assert_eq!(
        (received.path.as_str(), received.query("a")),
        ("/user/wxlogin", Some("1"))
    );
    assert_eq!(received.body, "hello");
}

#[tokio::test]
async fn in_public_forged_headers_come_through_but_the_source_does_not() {
    let server = Receiver::answering(Answer::Text("from the container")).unwrap();
    let stack = stack(&server);
    let forged = [("x-wx-openid", FORGED), ("x-wx-source", "wx_client")];
    let received = call(&stack, &server, "public", &forged).await;
    assert_eq!(received.header("x-wx-openid"), Some(FORGED));
    assert_eq!(received.header("x-wx-source"), None);
}

#[tokio::test]
async fn the_source_can_be_another_or_be_left_out() {
    let server = Receiver::answering(Answer::Text("from the container")).unwrap();
    let stack = stack(&server);
    let asked = [("x-sandbox-source", "none")];
    let received = call(&stack, &server, "link/alice", &asked).await;
    assert_eq!(received.header("x-wx-source"), None);
    assert_eq!(received.header("x-sandbox-source"), None);
    let asked = [("x-sandbox-source", "wx_devtools")];
    let received = call(&stack, &server, "link/alice", &asked).await;
    assert_eq!(received.header("x-wx-source"), Some("wx_devtools"));
}

#[tokio::test]
async fn a_borrowing_apps_user_comes_in_the_from_headers() {
    let server = Receiver::answering(Answer::Text("from the container")).unwrap();
    let stack = stack(&server);
    let asked = [("x-sandbox-from-appid", stack.other_app.id.as_str())];
    let received = call(&stack, &server, "link/alice", &asked).await;
    let there = stack.control().phone("alice", &stack.other_app.id).unwrap();
    assert_eq!(received.header("x-wx-openid"), None);
    assert_eq!(received.header("x-wx-from-openid"), Some(there.openid()));
    assert_eq!(
        received.header("x-wx-from-appid"),
        Some(stack.other_app.id.as_str())
    );
}

#[tokio::test]
async fn the_containers_token_works_as_itself_and_not_as_access_token() {
    let server = Receiver::answering(Answer::Text("from the container")).unwrap();
    let stack = stack(&server);
    let received = call(&stack, &server, "link/alice", &[]).await;
    let token = received.header("x-wx-cloudbase-access-token").unwrap();
    let ask = async |name: &str| -> Value {
        let url = stack.url("/wxa/business/getuserphonenumber");
        let request = stack.client.post(url).query(&[(name, token)]).body("{");
        json_of(request.send().await.unwrap()).await.unwrap()
    };
    assert_eq!(ask("cloudbase_access_token").await["errcode"], 47001);
    assert_eq!(ask("access_token").await["errcode"], 40001);
}

#[tokio::test]
async fn an_app_without_a_container_is_answered_with_what_to_do() {
    let stack = Stack::open().unwrap();
    let path = format!("/cloud/{}/link/alice/x", stack.app.id);
    let response = stack.get(&path, &[]).await.unwrap();
    assert_eq!(response.status(), 409);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("PATCH /sandbox/apps/")
    );
}
