//! Everything WeChat and the network can do to a login: what the service answers, what it logs,
//! and how often it asks.

use std::time::{Duration, Instant};

use serde_json::Value;
use wxsandbox::{Api, Fault, FaultEffect};

use crate::house::{Answer, soon};
use crate::wechat_service::{LoggedService, nobody};

/// The id that every refusal of these tests carries.
const RID: &str = "652d44d0-6f2b9a51-3c1e7d42";
/// What stands beside it, and must go nowhere.
const WORDS: &str = "words of WeChat's";

/// What a login must come to.
#[derive(Clone, Copy)]
struct Outcome {
    status: u16,
    error: &'static str,
    retry_after: Option<&'static str>,
    level: &'static str,
    /// How often WeChat is asked.
    asked: u64,
}

impl Outcome {
    const fn of(status: u16, error: &'static str, level: &'static str) -> Self {
        Self {
            status,
            error,
            retry_after: None,
            level,
            asked: 1,
        }
    }

    const fn after(self, seconds: &'static str) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    const fn asked(self, asked: u64) -> Self {
        Self { asked, ..self }
    }
}

/// The front end's, the user's or nobody's: not worth a line at the usual level.
const CODE: Outcome = Outcome::of(401, "code_invalid", "DEBUG");
const BLOCKED: Outcome = Outcome::of(403, "user_blocked", "DEBUG");
const OFTEN: Outcome = Outcome::of(429, "rate_limited", "DEBUG").after("60");
/// The operator's.
const OURS: Outcome = Outcome::of(500, "wechat_misconfigured", "ERROR");
/// WeChat's.
const NONSENSE: Outcome = Outcome::of(502, "wechat_bad_answer", "WARN");
const LATE: Outcome = Outcome::of(504, "wechat_timeout", "WARN");
const AWAY: Outcome = Outcome::of(503, "wechat_unavailable", "WARN");

/// The program with its log at the level at which refusals show.
fn talkative() -> LoggedService {
    LoggedService::start(&[("RUST_LOG", "info,api=debug,wxclient=debug")])
}

/// A login whose exchange the fault strikes must come to this; gives the code and the log's line.
async fn struck(
    service: &LoggedService,
    name: &str,
    fault: Fault,
    outcome: Outcome,
) -> (String, Value) {
    let control = service.sandbox.control();
    control.inject(fault);
    let (code, before) = (service.code(), service.exchanges());
    let answer = service.login(&code).await;
    control.clear_faults();
    refused_as(name, &answer, outcome);
    assert_eq!(service.exchanges() - before, outcome.asked, "{name}: asked");
    let line = error_line(service, &answer).await;
    assert_eq!(line["level"], outcome.level, "{name}: {line:#}");
    assert_eq!(line["error"], outcome.error, "{name}: {line:#}");
    let told = line["cause"].as_str().unwrap();
    assert!(told.contains("/sns/jscode2session"), "{name}: {told}");
    (code, line)
}

#[track_caller]
fn refused_as(name: &str, answer: &Answer, outcome: Outcome) {
    assert_eq!(
        (
            answer.status.as_u16(),
            &answer.body["error"],
            answer.header("retry-after")
        ),
        (
            outcome.status,
            &Value::from(outcome.error),
            outcome.retry_after
        ),
        "{name}: {:#}",
        answer.body
    );
    answer.refused(outcome.status, outcome.error);
    let said = answer.body.to_string();
    assert!(
        !said.contains(RID) && !said.contains(WORDS),
        "{name}: {said}"
    );
}

/// The one line about the request that names an error.
async fn error_line(service: &LoggedService, answer: &Answer) -> Value {
    let lines = soon("the line of an error", || async {
        let mut lines = service.log_of(answer);
        lines.retain(|line| line.get("error").is_some_and(Value::is_string));
        (!lines.is_empty()).then_some(lines)
    })
    .await;
    assert_eq!(lines.len(), 1, "an error is logged once: {lines:#?}");
    lines[0].clone()
}

/// Nothing that opens anything, and none of WeChat's words, is in the log.
fn keeps_secrets(service: &LoggedService, codes: &[String]) {
    let control = service.sandbox.control();
    let key = control.session_key("alice", service.app_id());
    let key = key
        .ok()
        .flatten()
        .map(|key| secrecy::ExposeSecret::expose_secret(&key).to_owned());
    let log: Vec<String> = service.log().iter().map(Value::to_string).collect();
    let secrets = codes.iter().map(String::as_str).chain(key.as_deref());
    for secret in secrets.chain([service.secret(), "session_key=", "js_code", WORDS]) {
        let line = log.iter().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

fn errcode(code: i64) -> FaultEffect {
    FaultEffect::Errcode {
        code,
        errmsg: Some(format!("{WORDS}, rid: {RID}")),
    }
}

fn login(effect: FaultEffect) -> Fault {
    Fault::on(Api::Code2Session, effect)
}

/// Every errcode that may come as the answer to a login code, documented or met.
const ERRCODES: &[(i64, Outcome)] = &[
    (-1, AWAY.asked(3).after("5")),
    // The code.
    (40029, CODE),
    (40163, CODE),
    (41008, CODE),
    // The user.
    (40226, BLOCKED),
    (50001, BLOCKED),
    (50002, BLOCKED),
    // Too much.
    (45011, OFTEN),
    (44991, OFTEN),
    (45009, AWAY.after("3600")),
    // The app, its secret, its addresses, its account.
    (40001, OURS),
    (40002, OURS),
    (40013, OURS),
    (40125, OURS),
    (40164, OURS),
    (40243, OURS),
    (41002, OURS),
    (41004, OURS),
    (45035, OURS),
    (48001, OURS),
    (48004, OURS),
    (50004, OURS),
    (50007, OURS),
    (89501, OURS),
    (89503, OURS),
    (89506, OURS),
    (89507, OURS),
    // A request that this service should not have made.
    (40066, OURS),
    (43001, OURS),
    (43002, OURS),
    (43003, OURS),
    (44002, OURS),
    (47001, OURS),
    // What means nothing at a login.
    (40003, NONSENSE),
    (40014, NONSENSE),
    (42001, NONSENSE),
    (87009, NONSENSE),
    // What nobody knows.
    (99999, NONSENSE),
    (-77777, NONSENSE),
];

#[tokio::test]
async fn every_errcode_is_answered_and_logged_by_the_table() {
    let service = talkative();
    let mut codes = Vec::new();
    for &(errcode_, outcome) in ERRCODES {
        let name = errcode_.to_string();
        let (code, line) = struck(&service, &name, login(errcode(errcode_)), outcome).await;
        let cause = line["cause"].as_str().unwrap();
        assert!(
            cause.contains(&format!("errcode {errcode_} ")),
            "{name}: {cause}"
        );
        assert!(cause.contains(&format!("rid {RID}")), "{name}: {cause}");
        if outcome.error == OURS.error {
            assert_eq!(line["alert"], true, "{name}: {line:#}");
            assert!(!line["action"].as_str().unwrap().is_empty(), "{name}");
            assert!(cause.contains("operator: "), "{name}: {cause}");
        } else {
            assert!(line.get("alert").is_none(), "{name}: {line:#}");
        }
        codes.push(code);
    }
    keeps_secrets(&service, &codes);
}

#[tokio::test]
async fn an_address_outside_the_whitelist_is_named_in_the_alert_and_not_in_the_answer() {
    let service = talkative();
    let app_id = service.app_id().to_owned();
    let change = |app: &mut wxsandbox::AppConfig| {
        app.ip_whitelist = Some(vec!["10.0.0.0/8".parse().unwrap()]);
        app.ip_whitelist_on_login = true;
    };
    service
        .sandbox
        .control()
        .change_app(&app_id, change)
        .unwrap();
    let answer = service.login(&service.code()).await;
    refused_as("40164", &answer, OURS);
    assert!(
        !answer.body.to_string().contains("127.0.0.1"),
        "{:#}",
        answer.body
    );
    let line = error_line(&service, &answer).await;
    let cause = line["cause"].as_str().unwrap();
    assert!(
        cause.contains("40164") && cause.contains("seen from 127.0.0.1"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_reset_secret_is_an_alert_that_says_what_to_do() {
    let service = talkative();
    let control = service.sandbox.control();
    control.reset_secret(service.app_id()).unwrap();
    let answer = service.login(&service.code()).await;
    refused_as("40125", &answer, OURS);
    let line = error_line(&service, &answer).await;
    let cause = line["cause"].as_str().unwrap();
    assert!(
        cause.contains("40125") && cause.contains("AppSecret"),
        "{cause}"
    );
    assert_eq!(
        (&line["level"], &line["alert"]),
        (&"ERROR".into(), &true.into())
    );
}

#[tokio::test]
async fn refusals_that_are_not_ours_leave_no_line_at_the_usual_level() {
    let service = LoggedService::start(&[]);
    let mut quiet = Vec::new();
    for code in [40029, 40163, 40226, 45011] {
        service
            .sandbox
            .control()
            .inject(login(errcode(code)).times(1));
        quiet.push(service.login(&service.code()).await);
    }
    // What is logged after them is there, so that they would be, too.
    service
        .sandbox
        .control()
        .inject(login(errcode(40125)).times(1));
    let loud = service.login(&service.code()).await;
    error_line(&service, &loud).await;
    for answer in quiet {
        assert_eq!(
            service.log_of(&answer),
            Vec::<Value>::new(),
            "{:#}",
            answer.body
        );
    }
}

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
    assert!(begun.elapsed() < Duration::from_millis(2_000));
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
async fn busy_is_asked_again_and_the_login_goes_through() {
    let service = talkative();
    service
        .sandbox
        .control()
        .inject(login(errcode(-1)).times(2));
    service.login(&service.code()).await.data();
    assert_eq!(service.exchanges(), 3);
}

#[tokio::test]
async fn a_code_that_wechat_did_not_take_may_be_sent_again() {
    let service = talkative();
    for code in [-1, 45011, 45009, 40125] {
        service.sandbox.control().inject(login(errcode(code)));
        let login_code = service.code();
        assert_ne!(service.login(&login_code).await.status, 200, "{code}");
        service.sandbox.control().clear_faults();
        service.login(&login_code).await.data();
    }
}

#[tokio::test]
async fn a_wechat_that_cannot_be_reached_is_unavailable() {
    let away = nobody();
    let service = LoggedService::start(&[("WXLOGIN_WECHAT__BASE_URL", away.as_str())]);
    let answer = service.login("021ByuFs0fNXie1T5lJs0IwBFs0ByuF1").await;
    refused_as("nobody", &answer, AWAY.after("5"));
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
