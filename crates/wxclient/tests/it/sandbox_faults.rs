//! The sandbox's faults at a login.

use std::time::Duration;

use rstest::rstest;
use wxsandbox::{Api, Fault, FaultEffect};

use crate::sandbox::Stack;
use crate::wechat::{exchange_at, named};

/// What a login makes of a fault; how often WeChat was asked.
async fn login_under(fault: Fault) -> (Option<(&'static str, Option<u64>)>, u64) {
    let stack = Stack::start();
    let code = stack.code();
    stack.control().inject(fault);
    let mut client = stack.client();
    client.policy.timeout = Duration::from_millis(1500);
    let result = exchange_at(client.build().unwrap(), stack.app.clone(), &code).await;
    let asked = stack.control().count_of(Api::Code2Session);
    (result.err().map(|error| named(&error)), asked)
}

fn errcode(code: i64) -> FaultEffect {
    FaultEffect::Errcode { code, errmsg: None }
}

#[rstest]
#[case::blocked(errcode(40226), ("user_blocked", None))]
#[case::often(errcode(45011), ("rate_limited", Some(60)))]
#[case::quota(errcode(45009), ("unavailable", Some(3600)))]
#[case::unknown(errcode(-77777), ("bad_answer", None))]
#[case::hang(FaultEffect::Hang, ("timeout", None))]
#[case::reset(FaultEffect::Reset, ("bad_answer", None))]
#[case::half(FaultEffect::HalfBody, ("bad_answer", None))]
#[case::html(FaultEffect::Html { status: 502 }, ("bad_answer", None))]
#[case::redirect(FaultEffect::Redirect { location: "/sns/jscode2session".to_owned() }, ("bad_answer", None))]
#[case::no_openid(FaultEffect::WithoutField { field: "openid".to_owned() }, ("bad_answer", None))]
#[case::no_session_key(FaultEffect::WithoutField { field: "session_key".to_owned() }, ("bad_answer", None))]
#[tokio::test]
async fn a_fault_is_named_and_the_code_sent_once(
    #[case] effect: FaultEffect,
    #[case] name: (&'static str, Option<u64>),
) {
    for fault in [
        Fault::on(Api::Code2Session, effect.clone()),
        Fault::on(Api::Code2Session, effect).after_the_work(),
    ] {
        assert_eq!(login_under(fault).await, (Some(name), 1));
    }
}

#[rstest]
#[case::json(FaultEffect::ContentType { value: "application/json; encoding=utf-8".to_owned() })]
#[case::errcode_zero(FaultEffect::ErrcodeZero)]
#[case::extra_fields(FaultEffect::ExtraFields)]
#[case::escaped_slashes(FaultEffect::EscapedSlashes)]
#[case::slow(FaultEffect::Delay { ms: 100 })]
#[tokio::test]
async fn a_strange_dress_is_no_fault(#[case] effect: FaultEffect) {
    assert_eq!(
        login_under(Fault::on(Api::Code2Session, effect)).await,
        (None, 1)
    );
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_timeout() {
    let fault = Fault::on(Api::Code2Session, FaultEffect::Delay { ms: 60_000 });
    assert_eq!(login_under(fault).await.0, Some(("timeout", None)));
}

#[tokio::test]
async fn an_errcode_as_a_text_is_an_errcode() {
    let stack = Stack::start();
    let code = stack.code();
    stack.exchange(&code).await.unwrap();
    let effect = FaultEffect::ErrcodeAsString;
    stack.control().inject(Fault::on(Api::Code2Session, effect));
    let error = stack.exchange(&code).await.unwrap_err();
    assert_eq!(named(&error), ("code_used", None));
}

#[tokio::test]
async fn busy_passes_within_a_login() {
    let fault = Fault::on(Api::Code2Session, errcode(-1)).times(2);
    assert_eq!(login_under(fault).await, (None, 3));
}

#[tokio::test]
async fn busy_that_does_not_pass_is_unavailable() {
    let fault = Fault::on(Api::Code2Session, errcode(-1));
    assert_eq!(
        login_under(fault).await,
        (Some(("unavailable", Some(5))), 3)
    );
}

#[tokio::test]
async fn trouble_with_tokens_does_not_touch_a_login() {
    let fault = Fault::on(Api::StableToken, errcode(40125));
    assert_eq!(login_under(fault).await, (None, 1));
}
