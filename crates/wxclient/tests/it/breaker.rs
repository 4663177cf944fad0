//! The circuit breaker, seen from a login.

use domain::id::OpenId;
use domain::secret::PhoneCode;

use crate::server::{Act, Server, answer};
use crate::wechat::{SESSION, app_client, client, exchange, json, named, token};

/// A WeChat that fails just so often that the breaker opens, and would be well then.
fn failing() -> impl Iterator<Item = Act> {
    let html = Act::Answer(answer("502 Bad Gateway", "x: y", "<html>"));
    std::iter::repeat_n(html, 20).chain([json(SESSION)])
}

#[tokio::test]
async fn while_wechat_is_away_a_login_fails_at_once_and_spends_no_code() {
    let server = Server::start(failing()).await;
    let client = client(&server.url).build().unwrap();
    for _ in 0..20 {
        let error = exchange(client.clone()).await.unwrap_err();
        assert_eq!(named(&error), ("bad_answer", None));
    }
    let error = exchange(client.clone()).await.unwrap_err();
    assert_eq!(named(&error), ("unavailable", Some(1)));
    assert!(!error.spends_code);
    assert_eq!(server.seen().len(), 20, "it was not asked");
}

#[tokio::test]
async fn trouble_with_another_api_does_not_stop_a_login() {
    let server = Server::start(std::iter::once(token("T", 7200)).chain(failing())).await;
    let app = app_client(&server.url);
    for _ in 0..20 {
        app.plugin_open_pid("c0de").await.unwrap_err();
    }
    let error = app
        .phone_number(&PhoneCode::new("c0de"), &OpenId::new("o1"))
        .await
        .unwrap_err();
    assert_ne!(error.fault.kind(), "breaker_open");
    let error = app.plugin_open_pid("c0de").await.unwrap_err();
    assert_eq!(error.fault.kind(), "breaker_open");
}
