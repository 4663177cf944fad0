//! What WeChat and the network can do to the calls that need an access_token: a phone number by
//! its code, and the check of a session_key.

use reqwest::Method;
use serde_json::json;
use wxsandbox::{Api, Fault, FaultEffect, OpenDataOptions};

use crate::stack::Answer;
use crate::wechat_outcome::{
    AWAY, BLOCKED, LATE, NONSENSE, OFTEN, OURS, Outcome, QUOTA, errcode, keeps_secrets, line_as,
    refused_as, talkative,
};
use crate::wechat_service::LoggedService;

const PHONE_CODE: Outcome = Outcome::of(400, "phone_code_invalid", "DEBUG");

/// alice, logged in: her token.
async fn alice(service: &LoggedService) -> String {
    let data = service.login(&service.code()).await.data();
    data["token"].as_str().unwrap().to_owned()
}

/// alice taps the button: its code.
fn tapped(service: &LoggedService) -> String {
    let phone = service.sandbox.control().phone("alice", service.app_id());
    let grant = phone.unwrap().phone_number(&OpenDataOptions::default());
    grant.unwrap().code
}

async fn phone(service: &LoggedService, token: &str, code: &str) -> Answer {
    let body = json!({ "code": code });
    service
        .call(Method::POST, "/user/phone", token, Some(&body))
        .await
}

/// What may strike the exchange of a phone code, and what the call comes to.
fn at_the_phone_number() -> Vec<(&'static str, FaultEffect, Outcome)> {
    vec![
        ("busy", errcode(-1), AWAY.asked(3).after("5")),
        ("a bad code", errcode(40029), PHONE_CODE),
        ("a spent code", errcode(40163), PHONE_CODE),
        ("no code", errcode(41008), PHONE_CODE),
        ("a code of another app", errcode(40013), PHONE_CODE),
        ("a bad openid", errcode(40003), PHONE_CODE),
        ("an openid of another app", errcode(43104), PHONE_CODE),
        ("a limited user", errcode(50002), BLOCKED),
        ("too often", errcode(45011), OFTEN),
        ("too often today", errcode(45009), QUOTA),
        ("not permitted", errcode(48001), OURS),
        ("forbidden", errcode(48004), OURS),
        ("not JSON", errcode(47001), OURS),
        ("no token", errcode(41001), OURS),
        // The token is replaced, once.
        ("a refused token", errcode(40001), NONSENSE.asked(2)),
        ("a malformed token", errcode(40014), NONSENSE.asked(2)),
        ("an expired token", errcode(42001), NONSENSE.asked(2)),
        ("an unknown errcode", errcode(99999), NONSENSE),
        ("no answer", FaultEffect::Hang, LATE),
        ("a reset connection", FaultEffect::Reset, NONSENSE),
        ("half a body", FaultEffect::HalfBody, NONSENSE),
        (
            "a gateway's page",
            FaultEffect::Html { status: 502 },
            NONSENSE,
        ),
        (
            "no number",
            FaultEffect::WithoutField {
                field: String::from("phone_info"),
            },
            NONSENSE,
        ),
    ]
}

#[tokio::test]
async fn a_fault_at_the_phone_number_is_told_and_leaves_the_session_alone() {
    let service = talkative();
    let token = alice(&service).await;
    let control = service.sandbox.control();
    let mut codes = Vec::new();
    for (name, effect, outcome) in at_the_phone_number() {
        let (code, before) = (tapped(&service), control.count_of(Api::GetPhoneNumber));
        control.inject(Fault::on(Api::GetPhoneNumber, effect));
        let answer = phone(&service, &token, &code).await;
        control.clear_faults();
        refused_as(name, &answer, outcome);
        let asked = control.count_of(Api::GetPhoneNumber) - before;
        assert_eq!(asked, outcome.asked, "{name}: asked");
        let line = line_as(&service, name, &answer, outcome).await;
        let cause = line["cause"].as_str().unwrap();
        assert!(
            cause.contains("/wxa/business/getuserphonenumber"),
            "{cause}"
        );
        codes.push(code);
    }
    let user = phone(&service, &token, &tapped(&service)).await.data();
    assert_eq!(user["phone"], "+8613800138000");
    keeps_secrets(&service, &codes);
}

#[tokio::test]
async fn a_fault_at_the_token_is_told_as_what_it_is() {
    let service = talkative();
    let token = alice(&service).await;
    let control = service.sandbox.control();
    for (name, effect, outcome) in [
        ("busy", errcode(-1), AWAY.after("5")),
        ("a wrong secret", errcode(40125), OURS),
        ("a wrong secret, by its other name", errcode(40001), OURS),
        ("a wrong appid", errcode(40013), OURS),
        ("a foreign address", errcode(40164), OURS),
        ("a frozen secret", errcode(40243), OURS),
        ("an address to be confirmed", errcode(89503), OURS),
        ("a barred address", errcode(89507), OURS),
        ("too often", errcode(45011), OFTEN),
        ("too often today", errcode(45009), QUOTA),
        ("no answer", FaultEffect::Hang, LATE),
        (
            "a gateway's page",
            FaultEffect::Html { status: 502 },
            NONSENSE,
        ),
    ] {
        control.inject(Fault::on(Api::StableToken, effect));
        let answer = phone(&service, &token, &tapped(&service)).await;
        control.clear_faults();
        refused_as(name, &answer, outcome);
        let line = line_as(&service, name, &answer, outcome).await;
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains("/cgi-bin/stable_token"), "{name}: {cause}");
        if outcome.error == OURS.error {
            assert_eq!(line["alert"], true, "{name}: {line:#}");
        }
    }
    assert_eq!(control.count_of(Api::GetPhoneNumber), 0);
    phone(&service, &token, &tapped(&service)).await.data();
}

#[tokio::test]
async fn a_token_that_wechat_drops_is_replaced_without_a_word() {
    let service = talkative();
    let token = alice(&service).await;
    for _ in 0..3 {
        phone(&service, &token, &tapped(&service)).await.data();
        let control = service.sandbox.control();
        control.revoke_tokens(service.app_id()).unwrap();
    }
}

#[tokio::test]
async fn a_fault_at_the_check_of_a_session_key_is_told() {
    let service = talkative();
    let token = alice(&service).await;
    let control = service.sandbox.control();
    let check = || service.call(Method::GET, "/user/session", &token, None);
    assert_eq!(check().await.data()["sessionKeyValid"], true);
    for code in [87007, 87009] {
        control.inject(Fault::on(Api::CheckSession, errcode(code)));
        assert_eq!(check().await.data()["sessionKeyValid"], false, "{code}");
        control.clear_faults();
    }
    for (name, effect, outcome) in [
        ("busy", errcode(-1), AWAY.after("5")),
        ("too often", errcode(45011), OFTEN),
        ("a bad sig_method", errcode(87008), OURS),
        ("not permitted", errcode(48001), OURS),
        ("a bad openid", errcode(40003), NONSENSE),
        ("a refused token", errcode(40001), NONSENSE),
        ("no answer", FaultEffect::Hang, LATE),
        (
            "a gateway's page",
            FaultEffect::Html { status: 502 },
            NONSENSE,
        ),
    ] {
        control.inject(Fault::on(Api::CheckSession, effect));
        let answer = check().await;
        control.clear_faults();
        refused_as(name, &answer, outcome);
        line_as(&service, name, &answer, outcome).await;
    }
    assert_eq!(check().await.data()["sessionKeyValid"], true);
}

#[tokio::test]
async fn the_alert_says_what_this_errcode_wants_done_and_what_did_not_succeed() {
    let service = talkative();
    let token = alice(&service).await;
    for code in [
        48001, 48004, 47001, 40002, 41002, 44002, 45035, 50004, 61003, 61007,
    ] {
        let control = service.sandbox.control();
        control.clear_faults();
        control.inject(Fault::on(Api::GetPhoneNumber, errcode(code)));
        let answer = phone(&service, &token, &tapped(&service)).await;
        answer.refused(500, "wechat_misconfigured");
        let line = line_as(&service, &code.to_string(), &answer, OURS).await;
        let todo = wxclient::catalogue::lookup(code).verdict.todo.en;
        assert_eq!(line["action"], todo, "{code}");
        assert_eq!(line["message"], "phone number lookup failed", "{code}");
    }
}
