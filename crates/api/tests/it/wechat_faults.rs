//! What the network can do to a login: what the service answers and logs, and how often it asks.

use std::time::{Duration, Instant};

use wxsandbox::{Api, Fault, FaultEffect};

use crate::stack::soon;
use crate::wechat_outcome::{
    AWAY, CODE, LATE, NONSENSE, Outcome, error_line, keeps_secrets, login, refused_as, struck,
    talkative,
};
use crate::wechat_service::{LoggedService, unreachable};

fn body(body: impl Into<String>, status: u16) -> FaultEffect {
    FaultEffect::Body {
        body: body.into(),
        status,
        content_type: String::from("text/plain"),
    }
}

fn without(field: &str) -> FaultEffect {
    FaultEffect::WithoutField {
        field: field.to_owned(),
    }
}

/// What can happen to an answer, and what the login comes to.
fn lost_answers() -> Vec<(&'static str, FaultEffect, Outcome)> {
    let session =
        r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#;
    let to_itself = String::from("/sns/jscode2session?appid=x");
    vec![
        ("no answer", FaultEffect::Hang, LATE),
        ("a reset connection", FaultEffect::Reset, NONSENSE),
        ("half a body", FaultEffect::HalfBody, NONSENSE),
        (
            "a gateway's 502",
            FaultEffect::Html { status: 502 },
            NONSENSE,
        ),
        (
            "a gateway's 503",
            FaultEffect::Html { status: 503 },
            NONSENSE,
        ),
        (
            "a gateway's page with 200",
            FaultEffect::Html { status: 200 },
            NONSENSE,
        ),
        ("WeChat's 412", body("", 412), NONSENSE),
        ("a session in a 500", body(session, 500), NONSENSE),
        ("a session in a 201", body(session, 201), NONSENSE),
        (
            "a redirect",
            FaultEffect::Redirect {
                location: to_itself,
            },
            NONSENSE,
        ),
        ("an empty body", body("", 200), NONSENSE),
        ("no object", body("[]", 200), NONSENSE),
        ("null", body("null", 200), NONSENSE),
        ("two objects", body("{}{}", 200), NONSENSE),
        ("an empty object", body("{}", 200), NONSENSE),
        (
            "an openid that is a number",
            body(r#"{"openid":1,"session_key":"x"}"#, 200),
            NONSENSE,
        ),
        (
            "an empty openid",
            body(r#"{"openid":"","session_key":"x"}"#, 200),
            NONSENSE,
        ),
        (
            "an errcode of words",
            body(r#"{"errcode":"bad","openid":"o","session_key":"x"}"#, 200),
            NONSENSE,
        ),
        (
            "an answer without end",
            body("x".repeat(100_000), 200),
            NONSENSE,
        ),
        ("no openid", without("openid"), NONSENSE),
        ("no session_key", without("session_key"), NONSENSE),
    ]
}

#[tokio::test]
async fn a_lost_answer_is_told_and_its_code_never_sent_again() {
    let service = talkative();
    let mut codes = Vec::new();
    for (name, effect, outcome) in lost_answers() {
        for (when, fault) in [
            ("before the work", login(effect.clone())),
            ("after the work", login(effect.clone()).after_the_work()),
        ] {
            let name = format!("{name}, {when}");
            let (code, _) = struck(&service, &name, fault, outcome).await;
            // The phone may send its code again; WeChat does not see it.
            let before = service.exchanges();
            refused_as(&name, &service.login(&code).await, CODE);
            assert_eq!(service.exchanges(), before, "{name}: sent again");
            // The next code logs in: nothing is left of the fault.
            service.login(&service.code()).await.data();
            codes.push(code);
        }
    }
    keeps_secrets(&service, &codes);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_timeout() {
    let service = talkative();
    let control = service.sandbox.control();
    control.inject(login(FaultEffect::Delay { ms: 2_000 }));
    let (code, begun) = (service.code(), Instant::now());
    let answer = service.login(&code).await;
    refused_as("late", &answer, LATE);
    assert!(begun.elapsed() < Duration::from_secs(2));
    // The sandbox counts a call when it answers.
    soon("the late answer", || async {
        (service.exchanges() == 1).then_some(())
    })
    .await;
    refused_as("late", &service.login(&code).await, CODE);
    assert_eq!(service.exchanges(), 1, "the code was sent again");
}

#[tokio::test]
async fn a_strange_dress_does_not_keep_a_login_out() {
    let service = talkative();
    for (name, effect) in [
        ("a slow answer", FaultEffect::Delay { ms: 200 }),
        (
            "JSON",
            FaultEffect::ContentType {
                value: String::from("application/json; encoding=utf-8"),
            },
        ),
        (
            "HTML",
            FaultEffect::ContentType {
                value: String::from("text/html"),
            },
        ),
        ("errcode 0", FaultEffect::ErrcodeZero),
        ("new fields", FaultEffect::ExtraFields),
        ("escaped slashes", FaultEffect::EscapedSlashes),
        ("errcode as text", FaultEffect::ErrcodeAsString),
    ] {
        service.sandbox.control().inject(login(effect));
        let before = service.exchanges();
        let answer = service.login(&service.code()).await;
        service.sandbox.control().clear_faults();
        assert_eq!(answer.status, 200, "{name}: {:#}", answer.body);
        assert_eq!(service.exchanges() - before, 1, "{name}");
    }
}

#[tokio::test]
async fn an_errcode_as_text_is_understood() {
    let service = talkative();
    service
        .sandbox
        .control()
        .inject(login(FaultEffect::ErrcodeAsString));
    let answer = service.login("the code is a mock one").await;
    refused_as("40029 as text", &answer, CODE);
}

#[tokio::test]
async fn a_wechat_that_wants_the_length_of_bodies_gets_it() {
    let service = talkative();
    let control = service.sandbox.control();
    control.change_policy(|policy| policy.refuse_chunked = true);
    service.login(&service.code()).await.data();
}

#[tokio::test]
async fn a_wechat_that_cannot_be_reached_is_unavailable() {
    let away = unreachable();
    let service = LoggedService::start(&[("WXLOGIN_WECHAT__BASE_URL", away.as_str())]);
    let answer = service.login("021ByuFs0fNXie1T5lJs0IwBFs0ByuF1").await;
    refused_as("unreachable", &answer, AWAY.after("5"));
    let line = error_line(&service, &answer).await;
    let cause = line["cause"].as_str().unwrap();
    assert_eq!(line["level"], "WARN");
    assert!(cause.contains("no connection to WeChat"), "{cause}");
    assert!(!cause.contains("secret="), "{cause}");
}

#[tokio::test]
async fn after_many_failures_logins_are_answered_at_once_until_wechat_is_back() {
    let service = LoggedService::start(&[]);
    let control = service.sandbox.control();
    control.inject(login(FaultEffect::Html { status: 502 }));
    for nth in 0..20 {
        refused_as(
            &nth.to_string(),
            &service.login(&service.code()).await,
            NONSENSE,
        );
    }
    let (code, before, begun) = (service.code(), service.exchanges(), Instant::now());
    let answer = service.login(&code).await;
    refused_as("open", &answer, AWAY.after("1"));
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(service.exchanges(), before, "WeChat was asked");
    control.clear_faults();
    // It was not sent, so that it still logs in.
    soon("WeChat to be asked again", || async {
        (service.login(&code).await.status == 200).then_some(())
    })
    .await;
    let logged = |words: &str| {
        service.log().iter().any(|line| {
            line["message"]
                .as_str()
                .is_some_and(|said| said.contains(words))
        })
    };
    assert!(logged("WeChat is away"), "{:#?}", service.log());
    soon("the good news", || async {
        logged("WeChat is back").then_some(())
    })
    .await;
}

#[tokio::test]
async fn trouble_with_tokens_never_touches_a_login() {
    let service = talkative();
    let control = service.sandbox.control();
    for api in [Api::StableToken, Api::Token] {
        control.inject(Fault::on(api, FaultEffect::Hang));
    }
    control.revoke_tokens(service.app_id()).unwrap();
    service.login(&service.code()).await.data();
    assert_eq!(
        control.count_of(Api::StableToken) + control.count_of(Api::Token),
        0
    );
}
