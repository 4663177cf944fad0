//! The control API over HTTP, and the strings pulled in process.

use serde_json::json;
use wxsandbox::{Api, AppConfig, Fault, FaultEffect, Policy, UserConfig};

use crate::receiver::{Answer, Receiver};
use crate::stack::{Stack, errcode, json_of, text};

#[tokio::test]
async fn a_user_is_added_by_name_and_can_log_in() {
    let stack = Stack::open().unwrap();
    let added = stack
        .post("/sandbox/users", &[], &json!({"name": "dave"}))
        .await
        .unwrap();
    assert_eq!(added, json!({"ok": true}));
    let login = stack.ask("/phone/dave/login", &[]).await.unwrap();
    let session = stack
        .code2session(text(&login, "code").unwrap())
        .await
        .unwrap();
    let users = stack.ask("/sandbox/users", &[]).await.unwrap();
    let mut users = users.as_array().unwrap().iter();
    let dave = users.find(|user| user["name"] == "dave").unwrap();
    assert_eq!(dave["openids"][&stack.app.id], session["openid"]);
}

#[tokio::test]
async fn users_and_apps_are_changed_in_part() {
    let stack = Stack::open().unwrap();
    let patch = async |path: String, body: serde_json::Value| {
        let request = stack.client.patch(stack.url(&path)).json(&body);
        request.send().await.unwrap().status()
    };
    let status = patch(
        "/sandbox/users/alice".to_owned(),
        json!({"high_risk": true}),
    )
    .await;
    assert_eq!(status, 200);
    let code = stack.alice().unwrap().login().unwrap();
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(40226)
    );
    let app = format!("/sandbox/apps/{}", stack.app.id);
    assert_eq!(patch(app.clone(), json!({"frozen": true})).await, 200);
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), Some(50007));
    assert_eq!(patch(app, json!({"no_such": 1})).await, 400);
    assert_eq!(
        patch("/sandbox/users/nobody".to_owned(), json!({})).await,
        404
    );
}

#[tokio::test]
async fn rules_are_changed_in_part() {
    let stack = Stack::open().unwrap();
    let url = stack.url("/sandbox/policy");
    let body = json!({"create_unknown_users": true});
    stack.client.patch(url).json(&body).send().await.unwrap();
    let expected = Policy {
        create_unknown_users: true,
        ..Policy::default()
    };
    assert_eq!(stack.control().policy(), expected);
    assert!(stack.phone("whoever").is_ok());
}

#[tokio::test]
async fn the_clock_is_moved_over_http() {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    stack
        .post("/sandbox/clock", &[], &json!({"advance_s": 300}))
        .await
        .unwrap();
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(40029)
    );
    let set = json!({"set_ms": 1_000});
    let now = stack.post("/sandbox/clock", &[], &set).await.unwrap();
    assert_eq!(now, json!({"now_ms": 1_000}));
}

#[tokio::test]
async fn calls_are_remembered_without_secrets() {
    let stack = Stack::open().unwrap();
    stack.session("alice").await.unwrap();
    stack.token().await.unwrap();
    let calls = stack
        .get("/sandbox/calls", &[])
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(calls.contains("/sns/jscode2session") && calls.contains("/cgi-bin/stable_token"));
    assert!(!calls.contains(&stack.app.secret), "{calls}");
    assert!(
        stack
            .control()
            .calls()
            .iter()
            .all(|call| call.content_length)
    );
}

#[tokio::test]
async fn many_codes_come_at_once_for_a_load_test() {
    let stack = Stack::open().unwrap();
    let body = json!({"prefix": "load", "count": 50});
    let answer = stack
        .post("/sandbox/login-codes", &[], &body)
        .await
        .unwrap();
    let codes = answer["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 50);
    let last = codes.last().unwrap().as_str().unwrap();
    let session = stack.code2session(last).await.unwrap();
    let user = stack.phone("load-50").unwrap();
    assert_eq!(text(&session, "openid").unwrap(), user.openid());
    assert_eq!(stack.control().state().login_codes_alive, 49);
}

#[tokio::test]
async fn an_app_that_cannot_be_is_refused() {
    let stack = Stack::open().unwrap();
    let bad = AppConfig::new("wx1", "0123456789abcdef0123456789abcdef");
    assert!(stack.control().put_app(bad).is_err());
    let body = json!({"app_id": "wx1", "secret": "x"});
    let request = stack.client.post(stack.url("/sandbox/apps")).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn without_control_there_is_wechat_and_the_phone_and_nothing_else() {
    let stack = Stack::with(|config| config.control = false).unwrap();
    for path in ["/sandbox/state", "/sandbox/users"] {
        assert_eq!(stack.get(path, &[]).await.unwrap().status(), 404);
    }
    assert!(
        stack
            .ask("/phone/alice/login", &[])
            .await
            .unwrap()
            .get("code")
            .is_some()
    );
    assert!(stack.session("alice").await.is_ok());
}

#[tokio::test]
async fn the_page_is_served_and_fetches_nothing_from_elsewhere() {
    let stack = Stack::open().unwrap();
    let mut found = vec!["/".to_owned()];
    let mut read = Vec::new();
    while let Some(path) = found.pop() {
        let response = stack.get(&path, &[]).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers().contains_key("content-security-policy"));
        let text = response.text().await.unwrap();
        for address in text.split("://").skip(1) {
            assert!(address.starts_with("127.0.0.1"), "{path}: {address}");
        }
        // What HTML names by `"/page/…"`, and a module by `'./…'`.
        for part in text.split(['"', '\'']) {
            let module = part.strip_prefix("./").map(|name| format!("/page/{name}"));
            let name = module.unwrap_or_else(|| part.to_owned());
            let is_file = name.starts_with("/page/") && !name.ends_with("json");
            if is_file && !found.contains(&name) && !read.contains(&name) {
                found.push(name);
            }
        }
        read.push(path);
    }
    assert_eq!(read.len(), 16, "{read:?}");
}

#[tokio::test]
async fn the_page_starts_with_the_service_and_without_a_secret() {
    let stack = Stack::with(|config| config.service = "http://127.0.0.1:5000".parse().ok());
    let stack = stack.unwrap();
    let response = stack.get("/page/start.json", &[]).await.unwrap();
    let start = response.text().await.unwrap();
    for shown in ["http://127.0.0.1:5000", &stack.app.id, "alice"] {
        assert!(start.contains(shown), "{start}");
    }
    assert!(!start.contains(&stack.app.secret), "{start}");
}

#[tokio::test]
async fn a_call_is_remembered_with_its_answer_but_not_its_secrets() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let calls = stack.control().calls();
    let call = calls.last().unwrap();
    assert_eq!((call.status, call.number), (Some(200), 1));
    assert!(call.answer.contains(&session.openid), "{}", call.answer);
    assert!(!call.answer.contains(&session.key), "{}", call.answer);
    stack.session("bob").await.unwrap();
    assert_eq!(stack.control().calls_after(1).len(), 1);
    let fault = Fault::on(Api::Code2Session, FaultEffect::Reset).times(1);
    stack.control().inject(fault);
    assert!(stack.session("alice").await.is_err());
    assert_eq!(stack.control().calls_after(2)[0].status, None);
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_answered_with_a_hint() {
    let stack = Stack::open().unwrap();
    for path in ["/phone/alice/dance", "/sandbox/nothing", "/cloud/x"] {
        let response = stack.get(path, &[]).await.unwrap();
        assert_eq!(response.status(), 404);
        assert!(json_of(response).await.unwrap().get("error").is_some());
    }
}

#[tokio::test]
async fn the_phone_counts_calls_a_second_if_told_to() {
    let stack = Stack::with(|config| config.policy.phone_calls_per_second = 4).unwrap();
    let alice = stack.alice().unwrap();
    for _ in 0..4 {
        alice.login().unwrap();
    }
    let response = stack.get("/phone/alice/login", &[]).await.unwrap();
    assert_eq!(response.status(), 429);
}

#[tokio::test]
async fn a_prefetch_asks_the_developers_url_with_a_code_that_works() {
    let server = Receiver::answering(Answer::Text("data")).unwrap();
    let stack = Stack::open().unwrap();
    let url = format!("{}/prefetch", server.url);
    let change = |app: &mut AppConfig| app.prefetch_url = Some(url);
    stack.control().change_app(&stack.app.id, change).unwrap();
    let query = [("path", "pages/shop"), ("query", "a=1&b=2")];
    let answer = stack.ask("/phone/alice/prefetch", &query).await.unwrap();
    assert_eq!(
        (&answer["status"], &answer["body"]),
        (&json!(200), &json!("data"))
    );
    let received = server.received().remove(0);
    assert_eq!(received.query("query"), Some("a=1&b=2"));
    let session = stack
        .code2session(received.query("code").unwrap())
        .await
        .unwrap();
    assert!(session.get("openid").is_some());
}

#[tokio::test]
async fn a_sandbox_that_was_stopped_frees_its_port() {
    let stack = Stack::open().unwrap();
    let address = stack.sandbox.addr();
    stack.sandbox.stop().await;
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[test]
fn a_sandbox_starts_and_stops_without_any_runtime() {
    let stack = Stack::open().unwrap();
    assert!(stack.alice().unwrap().login().is_ok());
    drop(stack);
}

#[actix_web::test]
async fn a_sandbox_starts_inside_an_actix_runtime() {
    let stack = Stack::open().unwrap();
    stack.control().put_user(UserConfig::new("erin")).unwrap();
    assert!(stack.session("erin").await.is_ok());
}
