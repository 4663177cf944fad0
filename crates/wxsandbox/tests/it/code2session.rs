//! `/sns/jscode2session`: the life of a code.

use std::time::Duration;

use rstest::rstest;
use wxsandbox::{Policy, UserConfig};

use crate::stack::{Stack, errcode, json_of, text};

#[tokio::test]
async fn a_code_becomes_openid_session_key_and_unionid_without_an_errcode() {
    let stack = Stack::open().unwrap();
    let phone = stack.alice().unwrap();
    let answer = stack.code2session(&phone.login().unwrap()).await.unwrap();
    assert_eq!(text(&answer, "openid").unwrap(), phone.openid());
    assert_eq!(text(&answer, "session_key").unwrap().len(), 24);
    assert_eq!(text(&answer, "unionid").ok(), phone.unionid().as_deref());
    assert_eq!((errcode(&answer), answer.get("errmsg")), (None, None));
}

#[tokio::test]
async fn the_answer_is_json_in_text_plain_with_status_200_even_for_failures() {
    let stack = Stack::open().unwrap();
    let response = stack.get("/sns/jscode2session", &[]).await.unwrap();
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("text/plain"), "{content_type}");
    assert_eq!(errcode(&json_of(response).await.unwrap()), Some(41002));
}

#[tokio::test]
async fn a_code_works_once() {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
    let again = stack.code2session(&code).await.unwrap();
    assert_eq!(errcode(&again), Some(40163));
    let message = text(&again, "errmsg").unwrap();
    assert!(
        message.starts_with("code been used, rid: 684ee180-"),
        "{message}"
    );
}

#[tokio::test]
async fn of_many_exchanges_at_once_one_wins() {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    let tries = (0..8).map(|_| stack.code2session(&code));
    let answers = futures_util::future::join_all(tries).await;
    let codes: Vec<_> = answers
        .iter()
        .map(|a| errcode(a.as_ref().unwrap()))
        .collect();
    assert_eq!(
        codes.iter().filter(|code| code.is_none()).count(),
        1,
        "{codes:?}"
    );
    assert_eq!(
        codes.iter().filter(|code| **code == Some(40163)).count(),
        7,
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_code_lives_five_minutes() {
    let stack = Stack::open().unwrap();
    let phone = stack.alice().unwrap();
    let (early, late) = (phone.login().unwrap(), phone.login().unwrap());
    stack.control().advance(Duration::from_secs(299));
    assert_eq!(errcode(&stack.code2session(&early).await.unwrap()), None);
    stack.control().advance(Duration::from_secs(1));
    assert_eq!(
        errcode(&stack.code2session(&late).await.unwrap()),
        Some(40029)
    );
}

#[tokio::test]
async fn a_code_of_another_app_is_invalid_and_stays_good_for_its_own() {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    let foreign = stack
        .code2session_as(&stack.other_app, &code)
        .await
        .unwrap();
    assert_eq!(errcode(&foreign), Some(40029));
    assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
}

#[rstest]
#[case::mock("the code is a mock one")]
#[case::never_issued("0abcdefghijklmnopqrstuvwxyz012345")]
#[tokio::test]
async fn an_unknown_code_is_invalid(#[case] code: &str) {
    let stack = Stack::open().unwrap();
    let answer = stack.code2session(code).await.unwrap();
    assert_eq!(errcode(&answer), Some(40029));
}

#[rstest]
#[case::appid_missing("appid", None, 41002)]
#[case::secret_missing("secret", None, 41004)]
#[case::code_missing("js_code", None, 41008)]
#[case::grant_type_missing("grant_type", None, 40002)]
#[case::grant_type_wrong("grant_type", Some("client_credential"), 40002)]
#[case::appid_wrong("appid", Some("wxffffffffffffffff"), 40013)]
#[case::secret_wrong("secret", Some("00000000000000000000000000000000"), 40125)]
#[tokio::test]
async fn a_wrong_parameter_is_named_by_its_errcode_and_leaves_the_code_unused(
    #[case] parameter: &str,
    #[case] value: Option<&str>,
    #[case] expected: i64,
) {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    let good = [
        ("appid", stack.app.id.as_str()),
        ("secret", &stack.app.secret),
        ("js_code", &code),
        ("grant_type", "authorization_code"),
    ];
    let query: Vec<_> = good
        .into_iter()
        .filter_map(|(name, kept)| {
            let changed = if name == parameter { value } else { Some(kept) };
            changed.map(|value| (name, value))
        })
        .collect();
    let response = stack.get("/sns/jscode2session", &query).await.unwrap();
    assert_eq!(errcode(&json_of(response).await.unwrap()), Some(expected));
    assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
}

#[tokio::test]
async fn a_stray_access_token_is_ignored() {
    let stack = Stack::open().unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    let query = [
        ("access_token", "rubbish"),
        ("appid", stack.app.id.as_str()),
        ("secret", &stack.app.secret),
        ("js_code", &code),
        ("grant_type", "authorization_code"),
    ];
    let response = stack.get("/sns/jscode2session", &query).await.unwrap();
    assert_eq!(errcode(&json_of(response).await.unwrap()), None);
}

#[tokio::test]
async fn parameters_in_a_post_form_count_as_missing() {
    let stack = Stack::open().unwrap();
    let form = [
        ("appid", stack.app.id.as_str()),
        ("secret", &stack.app.secret),
    ];
    let request = stack
        .client
        .post(stack.url("/sns/jscode2session"))
        .form(&form);
    let answer = json_of(request.send().await.unwrap()).await.unwrap();
    assert_eq!(errcode(&answer), Some(41002));
}

#[tokio::test]
async fn an_app_without_an_open_platform_account_gets_no_unionid() {
    let stack = Stack::open().unwrap();
    let login = || stack.alice().unwrap().login().unwrap();
    stack
        .control()
        .bind_open_platform(&stack.app.id, None)
        .unwrap();
    assert!(
        stack
            .code2session(&login())
            .await
            .unwrap()
            .get("unionid")
            .is_none()
    );
    stack
        .control()
        .bind_open_platform(&stack.app.id, Some("demo"))
        .unwrap();
    assert!(
        stack
            .code2session(&login())
            .await
            .unwrap()
            .get("unionid")
            .is_some()
    );
}

#[tokio::test]
async fn apps_of_one_account_share_the_unionid_and_not_the_openid() {
    let stack = Stack::open().unwrap();
    let one = stack.alice().unwrap();
    let two = stack.control().phone("alice", &stack.other_app.id).unwrap();
    let first = stack.code2session(&one.login().unwrap()).await.unwrap();
    let code = two.login().unwrap();
    let second = stack
        .code2session_as(&stack.other_app, &code)
        .await
        .unwrap();
    assert_eq!(
        text(&first, "unionid").unwrap(),
        text(&second, "unionid").unwrap()
    );
    assert_ne!(
        text(&first, "openid").unwrap(),
        text(&second, "openid").unwrap()
    );
}

#[tokio::test]
async fn a_user_is_the_same_after_a_restart_and_codes_are_not() {
    let (one, two) = (
        Stack::with(|config| config.clock = wxsandbox::ClockStart::System).unwrap(),
        Stack::open().unwrap(),
    );
    let (before, after) = (one.alice().unwrap(), two.alice().unwrap());
    assert_eq!(before.openid(), after.openid());
    assert_ne!(before.login().unwrap(), after.login().unwrap());
}

#[tokio::test]
async fn with_a_fixed_clock_a_run_repeats() {
    let (one, two) = (Stack::open().unwrap(), Stack::open().unwrap());
    let (first, second) = (one.alice().unwrap(), two.alice().unwrap());
    assert_eq!(first.login().unwrap(), second.login().unwrap());
}

#[tokio::test]
async fn the_hundred_and_first_exchange_of_a_user_in_a_minute_is_too_many() {
    let stack = Stack::open().unwrap();
    for _ in 0..100 {
        let code = stack.alice().unwrap().login().unwrap();
        assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
    }
    let code = stack.alice().unwrap().login().unwrap();
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(45011)
    );
    let other = stack.phone("bob").unwrap().login().unwrap();
    assert_eq!(errcode(&stack.code2session(&other).await.unwrap()), None);
    stack.control().advance(Duration::from_mins(1));
    assert_eq!(errcode(&stack.code2session(&code).await.unwrap()), None);
}

#[rstest]
#[case::high_risk(true, false, 40226)]
#[case::limited(false, true, 50002)]
#[tokio::test]
async fn a_blocked_user_gets_no_session(
    #[case] high_risk: bool,
    #[case] limited: bool,
    #[case] expected: i64,
) {
    let stack = Stack::open().unwrap();
    let user = UserConfig {
        high_risk,
        limited,
        ..UserConfig::new("mallory")
    };
    stack.control().put_user(user).unwrap();
    let code = stack.phone("mallory").unwrap().login().unwrap();
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(expected)
    );
}

#[tokio::test]
async fn a_used_code_is_forgotten_in_the_end() {
    let stack = Stack::with(|config| {
        config.policy = Policy {
            remember_used_codes_s: 600,
            ..Policy::default()
        };
    })
    .unwrap();
    let code = stack.alice().unwrap().login().unwrap();
    stack.code2session(&code).await.unwrap();
    stack.control().advance(Duration::from_secs(599));
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(40163)
    );
    stack.control().advance(Duration::from_secs(1));
    assert_eq!(
        errcode(&stack.code2session(&code).await.unwrap()),
        Some(40029)
    );
}
