//! WeChat's messages for other services of the team.

use api::settings::Secret;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxcrypto::push::{EncodingAesKey, PushToken, SafeMode, SealedMessage};

use crate::admin_stack::{ask, id, keys, seen};
use crate::program::{Program, command};
use crate::push_stack::{AES_KEY, TOKEN, plain, post, sealed, signed_in, taken};
use crate::push_target::{SECRET, Target};
use crate::stack::{Answer, Stack, Store, soon};

const EVENTS: [&str; 2] = ["xpay_*", "msg:*"];

async fn stack(store: Store, target: &Target, is_safe: bool) -> Stack {
    Stack::with(store, |settings| {
        settings.admin.api_keys = keys();
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_aes_key = is_safe.then(|| Secret::new(AES_KEY));
        settings.apps[0].push_relay = vec![target.rule(&EVENTS)];
    })
    .await
}

fn order(number: &str) -> String {
    json!({
        "ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1_714_036_504, "MsgType": "event",
        "Event": "xpay_goods_deliver_notify", "OpenId": "o1", "OutTradeNo": number,
    })
    .to_string()
}

fn order_in_xml(number: &str) -> String {
    format!(
        "<xml><FromUserName>o1</FromUserName><CreateTime>1714036504</CreateTime><MsgType>event</MsgType><Event><![CDATA[xpay_goods_deliver_notify]]></Event><OutTradeNo>{number}</OutTradeNo></xml>"
    )
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    match &answer.body {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    }
}

/// What is in a sealed answer.
fn opened(stack: &Stack, answer: &Answer) -> String {
    let sealed = text(answer);
    let field = |name: &str| {
        if let Ok(json) = serde_json::from_str::<Value>(&sealed) {
            return json[name].to_string().trim_matches('"').to_owned();
        }
        let (_, rest) = sealed.split_once(&format!("<{name}>")).unwrap();
        let (inner, _) = rest.split_once(&format!("</{name}>")).unwrap();
        inner.replace("<![CDATA[", "").replace("]]>", "")
    };
    let safe_mode = SafeMode {
        token: PushToken::new(TOKEN),
        key: EncodingAesKey::parse(AES_KEY).unwrap(),
        app_id: domain::id::AppId::new(stack.app_id(0)),
    };
    let message = SealedMessage {
        msg_signature: &field("MsgSignature"),
        timestamp: &field("TimeStamp"),
        nonce: &field("Nonce"),
        encrypt: &field("Encrypt"),
    };
    String::from_utf8(safe_mode.open(&message).unwrap()).unwrap()
}

async fn listed(stack: &Stack, state: &str) -> Vec<Value> {
    let path = format!("/admin/push?state={state}");
    seen(stack, &path).await["items"]
        .as_array()
        .unwrap()
        .clone()
}

#[rstest]
#[case::json(order("1"), r#"{"ErrCode":0,"ErrMsg":"success"}"#)]
#[case::xml(
    order_in_xml("1"),
    "<xml><ErrCode>0</ErrCode><ErrMsg>success</ErrMsg></xml>"
)]
#[case::text(
    String::from(r#"{"MsgType":"text","MsgId":7,"Content":"hi"}"#),
    "success"
)]
#[tokio::test]
async fn a_message_is_passed_on_as_it_came_and_the_answer_goes_back(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(false, true)] is_safe: bool,
    #[case] message: String,
    #[case] answer: &str,
) {
    let target = Target::start(200, answer);
    let stack = stack(store, &target, is_safe).await;
    // WeChat repeats it, each time sealed anew.
    for _ in 0..3 {
        let got = if is_safe {
            let (query, body) = sealed(&stack.app_id(0), AES_KEY, &message);
            let got = post(&stack, &query, body).await;
            opened(&stack, &got)
        } else {
            text(&plain(&stack, message.clone()).await)
        };
        assert_eq!(got.replace(' ', ""), answer);
    }
    let received = target.received();
    assert_eq!(received.len(), 1, "it is passed on once");
    assert_eq!(received[0].body, message.as_bytes());
    received[0].is_signed();
    assert_eq!(received[0].header("x-wx-app-id"), stack.app_id(0));
    let event = if message.contains("xpay") {
        "xpay_goods_deliver_notify"
    } else {
        "msg:text"
    };
    assert_eq!(received[0].header("x-wx-event"), event);
    let delivered = listed(&stack, "delivered").await;
    assert_eq!(delivered[0]["id"], received[0].header("webhook-id"));
    assert_eq!(delivered[0]["attempts"], 1);
}

#[rstest]
#[case::refused(500, order("1"), r#"{"ErrCode":0,"ErrMsg":"success"}"#)]
#[case::redirected(
    302,
    order_in_xml("1"),
    "<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>"
)]
#[case::text(404, String::from(r#"{"MsgType":"text","MsgId":7}"#), "success")]
#[tokio::test]
async fn what_the_target_does_not_take_waits_and_is_delivered_under_the_same_id(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[case] status: u16,
    #[case] message: String,
    #[case] success: &str,
) {
    let target = Target::start(status, "no");
    let stack = stack(store, &target, true).await;
    for _ in 0..2 {
        let (query, body) = sealed(&stack.app_id(0), AES_KEY, &message);
        let got = post(&stack, &query, body).await;
        assert_eq!(opened(&stack, &got), success);
    }
    let waiting = listed(&stack, "waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["attempts"], 1);
    assert!(
        waiting[0]["lastError"]
            .as_str()
            .unwrap()
            .contains(&status.to_string())
    );
    assert!(waiting[0]["nextAttemptAt"].is_string() && waiting[0]["receivedAt"].is_string());
    let (_, metrics) = stack.ops("/metrics").await;
    assert!(metrics.contains("push_relay_failures_total 1"), "{metrics}");

    target.answers(204, "");
    let retry = format!("/admin/push/{}/retry", waiting[0]["id"].as_str().unwrap());
    ask(&stack, Method::POST, &retry).await.data();
    let delivered = soon("the delivery", || async {
        listed(&stack, "delivered").await.pop()
    })
    .await;
    assert_eq!(delivered["id"], waiting[0]["id"]);
    assert!(delivered.get("nextAttemptAt").is_none());
    let received = target.received();
    assert_eq!(received.len(), 2);
    for attempt in &received {
        assert_eq!(
            attempt.header("webhook-id"),
            waiting[0]["id"].as_str().unwrap()
        );
        assert_eq!(attempt.body, message.as_bytes());
        attempt.is_signed();
    }
    ask(&stack, Method::POST, &retry)
        .await
        .refused(409, "conflict");
    ask(
        &stack,
        Method::POST,
        "/admin/push/01a20336-9504-7268-ada3-3485505971ed/retry",
    )
    .await
    .refused(404, "not_found");
    ask(&stack, Method::GET, "/admin/push?state=lost")
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn two_orders_of_one_second_are_two_messages() {
    let target = Target::start(200, "");
    let stack = stack(Store::Sqlite, &target, false).await;
    let replica = stack.replica().await;
    for number in ["1", "2", "1"] {
        let order = order(number);
        let here = plain(&stack, order.clone()).await;
        let path = format!("/wechat/events/{}?{}", stack.app_id(0), signed_in(0));
        let order = serde_json::from_str(&order).unwrap();
        let there = replica.send(Method::POST, &path, None, Some(&order)).await;
        for answer in [here, there] {
            assert_eq!(answer.body, json!({ "ErrCode": 0, "ErrMsg": "success" }));
        }
    }
    assert_eq!(target.received().len(), 2);
}

#[rstest]
#[case::small_game("minigame_game_pay_goods_deliver_notify", |n: u8| json!({"MiniGame": {"Payload": format!("{{\"OutTradeNo\":\"{n}\"}}")}}))]
#[case::complaint("xpay_complaint_notify", |n: u8| json!({"ComplaintId": n.to_string()}))]
#[case::refund_asked_for("xpay_subscribe_ios_refund_query_notify", |n: u8| json!({"pay_order_id": n.to_string()}))]
#[tokio::test]
async fn payment_events_of_one_second_differ_by_what_they_are_about(
    #[case] event: &str,
    #[case] about: fn(u8) -> Value,
) {
    let target = Target::start(200, "");
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_relay = vec![target.rule(&["*"])];
    })
    .await;
    for number in [1, 2, 1, 2] {
        let mut message = about(number);
        // WeChat's own account sends them all.
        for (name, value) in [
            ("FromUserName", json!("o_wechat")),
            ("CreateTime", json!(1_714_036_504)),
            ("MsgType", json!("event")),
            ("Event", json!(event)),
        ] {
            message[name] = value;
        }
        assert_eq!(plain(&stack, message.to_string()).await.status, 200);
    }
    assert_eq!(target.received().len(), 2);
}

#[tokio::test]
async fn what_no_rule_names_is_acknowledged_and_goes_nowhere() {
    let target = Target::start(200, "mine");
    let stack = stack(Store::Sqlite, &target, false).await;
    taken(&plain(&stack, r#"{"MsgType":"event","Event":"debug_demo"}"#).await);
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn a_user_data_event_is_obeyed_here_and_passed_on_if_a_rule_names_it() {
    let target = Target::start(200, "");
    let mut stack = stack(Store::Sqlite, &target, false).await;
    let rule = target.rule(&["*"]);
    stack
        .restart_with(|settings| settings.apps[0].push_relay = vec![rule])
        .await;
    let login = stack.logged_in("alice").await;
    let message = json!({ "Event": "user_authorization_cancellation", "OpenID": login["openId"] });
    taken(&plain(&stack, message.to_string()).await);
    stack
        .me(&login["token"])
        .await
        .refused(401, "session_revoked");
    assert_eq!(target.received().len(), 1);
}

#[rstest]
#[tokio::test]
async fn deleting_an_account_removes_its_waiting_messages(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let target = Target::start(500, "");
    let stack = stack(store, &target, false).await;
    let login = stack.logged_in("alice").await;
    let about = |open_id: &Value| {
        json!({ "MsgType": "event", "Event": "xpay_refund_notify", "FromUserName": open_id, "CreateTime": 1 })
            .to_string()
    };
    plain(&stack, about(&login["openId"])).await;
    plain(&stack, about(&json!("somebody else"))).await;
    assert_eq!(listed(&stack, "waiting").await.len(), 2);
    let user = format!("/admin/users/{}", id(&login));
    ask(&stack, Method::DELETE, &user).await.data();
    assert_eq!(listed(&stack, "waiting").await.len(), 1);
}

#[tokio::test]
async fn what_can_be_neither_stored_nor_delivered_gets_no_success() {
    let database = testpg::database().unwrap();
    let url = Secret::new(database.url());
    let target = Target::start(200, "taken");
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.database.url = url;
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_relay = vec![target.rule(&EVENTS)];
    })
    .await;
    drop(database);
    assert_eq!(text(&plain(&stack, order("1")).await), "taken");
    target.answers(500, "");
    plain(&stack, order("2"))
        .await
        .refused(503, "storage_unavailable");
}

#[tokio::test]
async fn a_waiting_message_survives_kill_9_and_is_delivered_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::start(500, "");
    let apps = json!([{
        "app_id": "wx01", "secret": "0".repeat(32), "push_token": TOKEN,
        "push_relay": [{ "events": EVENTS, "url": target.url(), "secret": SECRET }],
    }])
    .to_string();
    let start = || {
        let mut command = command(&folder);
        command.env("WXLOGIN_APPS", &apps);
        Program::start(command)
    };
    let program = start();
    let service = program.address_after("serves on ");
    let url = format!("{service}/wechat/events/wx01?{}", signed_in(0));
    let answer = reqwest::Client::new().post(url).body(order("1"));
    let answer = Answer::read(answer.send().await.unwrap()).await;
    assert_eq!(answer.body["ErrCode"], 0);
    // Killed, not stopped.
    drop(program);
    target.answers(200, "");
    let _program = start();
    let received = soon("the delivery", || async {
        let received = target.received();
        (received.len() > 1).then_some(received)
    })
    .await;
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    assert_eq!(received[1].body, order("1").as_bytes());
}

#[tokio::test]
async fn check_tries_the_targets() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::start(405, "");
    let check = |url: &str| {
        let apps = json!([{
            "app_id": "wx01", "secret": "0".repeat(32), "push_token": TOKEN,
            "push_relay": [{ "events": ["*"], "url": url, "secret": SECRET }],
        }]);
        let mut command = command(&folder);
        command
            .arg("check")
            .env("WXLOGIN_APPS", apps.to_string())
            .env("WXLOGIN_WECHAT__BASE_URL", "http://127.0.0.1:1");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        async { String::from_utf8(output.await.unwrap().stdout).unwrap() }
    };
    let there = check(target.url()).await;
    assert!(
        there.contains("ok    push relay to http://127.0.0.1"),
        "{there}"
    );
    target.answers(302, "");
    let redirected = check(target.url()).await;
    assert!(redirected.contains("fail  push relay to"), "{redirected}");
    target.stop().await;
    let gone = check("http://127.0.0.1:1/secret-path").await;
    assert!(
        gone.contains("fail  push relay to http://127.0.0.1:1"),
        "{gone}"
    );
    assert!(!gone.contains("secret-path"), "{gone}");
}

#[rstest]
#[case::no_event(json!({ "events": [], "url": "https://a.example", "secret": SECRET }), "events")]
#[case::empty_event(json!({ "events": [""], "url": "https://a.example", "secret": SECRET }), "events")]
#[case::star_inside(json!({ "events": ["x*y"], "url": "https://a.example", "secret": SECRET }), "events")]
#[case::no_url(json!({ "events": ["*"], "url": "geheim", "secret": SECRET }), "url")]
#[case::other_scheme(json!({ "events": ["*"], "url": "ftp://geheim", "secret": SECRET }), "url")]
#[case::short_secret(json!({ "events": ["*"], "url": "https://a.example", "secret": "whsec_Z2VoZWlt" }), "secret")]
#[case::no_base64(json!({ "events": ["*"], "url": "https://a.example", "secret": "geheim!" }), "secret")]
#[case::unknown(json!({ "events": ["*"], "url": "https://a.example", "secret": SECRET, "evnts": 1 }), "evnts")]
fn a_rule_that_cannot_work_is_refused_by_name(#[case] rule: Value, #[case] named: &str) {
    let app = json!({ "app_id": "wx01", "secret": "0".repeat(32), "push_token": TOKEN });
    let mut apps = json!([app]);
    apps[0]["push_relay"] = json!([rule]);
    let variables = [(String::from("WXLOGIN_APPS"), apps.to_string())];
    let refused = api::settings::Settings::read(None, &variables.into()).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains(named) && !said.contains("geheim"), "{said}");
    assert!(!said.contains("Z2VoZWlt"), "{said}");
}
