//! Quotas: counted, refused, shown, cleared.

use std::time::Duration;

use serde_json::json;
use wxsandbox::{Api, ApiLimit};

use crate::stack::{Stack, errcode};

fn limited(api: Api, per_day: u64, per_minute: u64) -> Stack {
    Stack::with(|config| {
        config.apps[0].limits = vec![ApiLimit {
            api,
            per_day,
            per_minute,
        }];
    })
    .unwrap()
}

#[tokio::test]
async fn the_call_above_the_daily_quota_waits_for_tomorrow() {
    let stack = limited(Api::Token, 1, 0);
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), None);
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), Some(45009));
    stack.control().advance(Duration::from_hours(24));
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), None);
}

#[tokio::test]
async fn a_login_quota_is_kept_as_well() {
    let stack = limited(Api::Code2Session, 0, 1);
    let login = || stack.alice().unwrap().login().unwrap();
    assert_eq!(errcode(&stack.code2session(&login()).await.unwrap()), None);
    let code = login();
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(45011)
    );
    stack.control().advance(Duration::from_mins(1));
    assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
}

#[tokio::test]
async fn quotas_can_be_seen_and_cleared() {
    let stack = limited(Api::Token, 2, 0);
    for _ in 0..2 {
        stack.plain_token().await.unwrap();
    }
    let token = stack.token().await.unwrap();
    let query = [("access_token", token.as_str())];
    let ask = json!({"cgi_path": "/cgi-bin/token"});
    let seen = stack
        .post("/cgi-bin/openapi/quota/get", &query, &ask)
        .await
        .unwrap();
    assert_eq!(
        seen["quota"],
        json!({"daily_limit": 2, "used": 2, "remain": 0})
    );
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), Some(45009));
    let app = json!({"appid": stack.app.id, "appsecret": stack.app.secret});
    let cleared = stack
        .post("/cgi-bin/clear_quota/v2", &[], &app)
        .await
        .unwrap();
    assert_eq!(errcode(&cleared), Some(0));
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), None);
    let cleared = stack
        .post("/cgi-bin/clear_quota", &query, &app)
        .await
        .unwrap();
    assert_eq!(errcode(&cleared), Some(0));
}

#[tokio::test]
async fn login_calls_have_no_quota_to_be_seen() {
    let stack = Stack::open().unwrap();
    let token = stack.token().await.unwrap();
    let query = [("access_token", token.as_str())];
    for (path, expected) in [("/sns/jscode2session", 76022), ("/no/such", 76021)] {
        let ask = json!({"cgi_path": path});
        let seen = stack
            .post("/cgi-bin/openapi/quota/get", &query, &ask)
            .await
            .unwrap();
        assert_eq!(errcode(&seen), Some(expected));
    }
}

#[tokio::test]
async fn a_rid_leads_to_its_call() {
    let stack = Stack::open().unwrap();
    let failed = stack.code2session("0nonsense").await.unwrap();
    let message = failed["errmsg"].as_str().unwrap();
    let (_, rid) = message.split_once("rid: ").unwrap();
    let token = stack.token().await.unwrap();
    let query = [("access_token", token.as_str())];
    let ask = json!({"rid": rid});
    let seen = stack
        .post("/cgi-bin/openapi/rid/get", &query, &ask)
        .await
        .unwrap();
    let url = seen["request"]["request_url"].as_str().unwrap();
    assert!(url.starts_with("/sns/jscode2session?appid="), "{url}");
    assert!(!url.contains(&stack.app.secret), "{url}");
}
