//! Who may call: addresses, frozen accounts and secrets, forbidden calls.

use std::net::{IpAddr, Ipv4Addr};

use rstest::rstest;
use wxsandbox::{Api, AppConfig};

use crate::stack::{Stack, errcode, text};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn login_and_token(stack: &Stack) -> (Option<i64>, Option<i64>) {
    let code = stack.alice().unwrap().login().unwrap();
    let login = stack.code2session(&code).await.unwrap();
    let token = stack.plain_token().await.unwrap();
    (errcode(&login), errcode(&token))
}

fn change(stack: &Stack, change: impl FnOnce(&mut AppConfig)) {
    stack.control().change_app(&stack.app.id, change).unwrap();
}

#[tokio::test]
async fn an_address_off_the_whitelist_gets_no_token_and_is_told_its_address() {
    let stack = Stack::open().unwrap();
    change(&stack, |app| {
        app.ip_whitelist = Some(vec!["10.0.0.0/8".parse().unwrap()]);
    });
    assert_eq!(login_and_token(&stack).await, (None, Some(40164)));
    let answer = stack.stable_token(&stack.app, false).await.unwrap();
    let message = text(&answer, "errmsg").unwrap();
    let expected = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist, rid: ";
    assert!(message.starts_with(expected), "{message}");
    change(&stack, |app| {
        app.ip_whitelist = Some(vec!["127.0.0.0/8".parse().unwrap()]);
    });
    assert_eq!(login_and_token(&stack).await, (None, None));
}

#[tokio::test]
async fn the_whitelist_can_hold_for_logins_too() {
    let stack = Stack::open().unwrap();
    change(&stack, |app| {
        app.ip_whitelist = Some(Vec::new());
        app.ip_whitelist_on_login = true;
    });
    assert_eq!(login_and_token(&stack).await, (Some(40164), Some(40164)));
}

#[tokio::test]
async fn a_risky_address_waits_for_the_administrator() {
    let stack = Stack::open().unwrap();
    change(&stack, |app| {
        app.risky_ips = vec!["127.0.0.1/32".parse().unwrap()];
    });
    assert_eq!(login_and_token(&stack).await, (None, Some(89503)));
    assert_eq!(login_and_token(&stack).await, (None, Some(89501)));
    stack
        .control()
        .answer_ip(&stack.app.id, HERE, false)
        .unwrap();
    assert_eq!(login_and_token(&stack).await, (None, Some(89507)));
    stack
        .control()
        .answer_ip(&stack.app.id, HERE, false)
        .unwrap();
    assert_eq!(login_and_token(&stack).await, (None, Some(89506)));
    stack
        .control()
        .answer_ip(&stack.app.id, HERE, true)
        .unwrap();
    assert_eq!(login_and_token(&stack).await, (None, None));
}

#[rstest]
#[case::secret_frozen(|app: &mut AppConfig| app.secret_frozen = true, None, Some(40243))]
#[case::account_frozen(|app: &mut AppConfig| app.frozen = true, Some(50002), Some(50007))]
#[case::login_forbidden(
    |app: &mut AppConfig| app.forbidden_apis = vec![Api::Code2Session],
    Some(48001),
    None
)]
#[case::token_forbidden(
    |app: &mut AppConfig| app.forbidden_apis = vec![Api::Token],
    None,
    Some(50004)
)]
#[tokio::test]
async fn the_console_can_shut_an_app_out(
    #[case] how: fn(&mut AppConfig),
    #[case] login: Option<i64>,
    #[case] token: Option<i64>,
) {
    let stack = Stack::open().unwrap();
    change(&stack, how);
    assert_eq!(login_and_token(&stack).await, (login, token));
}
