//! What a login under a fault must come to, and how that is seen.

use serde_json::Value;
use wxsandbox::{Api, Fault, FaultEffect};

use crate::stack::{Answer, soon};
use crate::wechat_service::LoggedService;

/// The id that every refusal of these tests carries.
pub(crate) const RID: &str = "652d44d0-6f2b9a51-3c1e7d42";
/// What stands beside it, and must go nowhere.
pub(crate) const WORDS: &str = "words of WeChat's";

/// What a login must come to.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) retry_after: Option<&'static str>,
    pub(crate) level: &'static str,
    /// How often WeChat is asked.
    pub(crate) asked: u64,
}

impl Outcome {
    pub(crate) const fn of(status: u16, error: &'static str, level: &'static str) -> Self {
        Self {
            status,
            error,
            retry_after: None,
            level,
            asked: 1,
        }
    }

    pub(crate) const fn after(self, seconds: &'static str) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    pub(crate) const fn asked(self, asked: u64) -> Self {
        Self { asked, ..self }
    }
}

/// For the front end or the user, or with nothing to do: not worth a line at the usual level.
pub(crate) const CODE: Outcome = Outcome::of(401, "code_invalid", "DEBUG");
pub(crate) const BLOCKED: Outcome = Outcome::of(403, "user_blocked", "DEBUG");
pub(crate) const OFTEN: Outcome = Outcome::of(429, "rate_limited", "DEBUG").after("60");
/// The operator's.
pub(crate) const OURS: Outcome = Outcome::of(500, "wechat_misconfigured", "ERROR");
pub(crate) const QUOTA: Outcome = Outcome::of(503, "wechat_unavailable", "ERROR").after("3600");
/// WeChat's.
pub(crate) const NONSENSE: Outcome = Outcome::of(502, "wechat_bad_answer", "WARN");
pub(crate) const LATE: Outcome = Outcome::of(504, "wechat_timeout", "WARN");
pub(crate) const AWAY: Outcome = Outcome::of(503, "wechat_unavailable", "WARN");

/// The program with its log at the level at which refusals show.
pub(crate) fn talkative() -> LoggedService {
    LoggedService::start(&[("RUST_LOG", "info,api=debug,wxclient=debug")])
}

/// A login whose exchange the fault strikes must come to this; gives the code and the log's line.
pub(crate) async fn struck(
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
    let line = line_as(service, name, &answer, outcome).await;
    let told = line["cause"].as_str().unwrap();
    assert!(told.contains("/sns/jscode2session"), "{name}: {told}");
    (code, line)
}

#[track_caller]
pub(crate) fn refused_as(name: &str, answer: &Answer, outcome: Outcome) {
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

/// The line that was logged about the failure.
pub(crate) async fn line_as(
    service: &LoggedService,
    name: &str,
    answer: &Answer,
    outcome: Outcome,
) -> Value {
    let line = error_line(service, answer).await;
    assert_eq!(line["level"], outcome.level, "{name}: {line:#}");
    assert_eq!(line["error"], outcome.error, "{name}: {line:#}");
    line
}

/// The one line about the request that names the failure. (That WeChat is asked once more is told
/// apart from it.)
pub(crate) async fn error_line(service: &LoggedService, answer: &Answer) -> Value {
    let lines = soon("the line of an error", || async {
        let mut lines = service.log_of(answer);
        lines.retain(|line| line.get("error").is_some() && line.get("cause").is_some());
        (!lines.is_empty()).then_some(lines)
    })
    .await;
    assert_eq!(lines.len(), 1, "an error is logged once: {lines:#?}");
    lines[0].clone()
}

/// Nothing that opens anything, and none of WeChat's words, is in the log.
pub(crate) fn keeps_secrets(service: &LoggedService, codes: &[String]) {
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

pub(crate) fn errcode(code: i64) -> FaultEffect {
    FaultEffect::Errcode {
        code,
        errmsg: Some(format!("{WORDS}, rid: {RID}")),
    }
}

pub(crate) fn login(effect: FaultEffect) -> Fault {
    Fault::on(Api::Code2Session, effect)
}
