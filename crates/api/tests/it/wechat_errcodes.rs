//! Every errcode that may answer a login code: what the service answers and logs.

use serde_json::Value;

use crate::wechat_outcome::{
    AWAY, BLOCKED, CODE, NONSENSE, OFTEN, OURS, Outcome, QUOTA, RID, errcode, error_line,
    keeps_secrets, login, refused_as, struck, talkative,
};
use crate::wechat_service::LoggedService;

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
    (45009, QUOTA),
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
    // Unknown ones.
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
        if outcome.level == "ERROR" {
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
