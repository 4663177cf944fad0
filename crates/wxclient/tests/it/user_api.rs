//! The domain's port over the sandbox.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::ports::{
    RepositoryError, StoredWechatToken, WechatTokenRepository, WechatUserApi as _,
};
use domain::secret::{PhoneCode, SessionKey};
use domain::testing::FixedClock;
use domain::time::Timestamp;
use rstest::rstest;
use wxclient::token::SharedTokens;
use wxclient::{AppClient, HttpWechatApi};
use wxsandbox::{Api, Fault, FaultEffect, OpenDataOptions};

use crate::sandbox::Stack;
use crate::wechat::named;

/// The adapter, and a user who has logged in.
async fn logged_in(stack: &Stack) -> (HttpWechatApi, OpenId, SessionKey) {
    let session = stack.exchange(&stack.code()).await.unwrap();
    let mut client = stack.client();
    client.policy.timeout = Duration::from_millis(1500);
    let app = AppClient::new(client.build().unwrap(), stack.app.clone());
    let api = HttpWechatApi::new([app]);
    (api, session.open_id, session.session_key)
}

fn phone_code(stack: &Stack) -> PhoneCode {
    let options = OpenDataOptions::default();
    PhoneCode::new(stack.phone().phone_number(&options).unwrap().code)
}

#[tokio::test]
async fn a_phone_code_gives_the_number_once() {
    let stack = Stack::start();
    let (api, open_id, _) = logged_in(&stack).await;
    let code = phone_code(&stack);
    let app_id = &stack.app.app_id;
    let grant = api.phone_number(app_id, &open_id, &code).await.unwrap();
    assert_eq!(grant.country_code, "86");
    assert_eq!(grant.pure_phone_number, "13800138000");
    let again = api.phone_number(app_id, &open_id, &code).await.unwrap_err();
    assert_eq!(named(&again).0, "phone_code_invalid");
}

#[tokio::test]
async fn another_persons_phone_code_does_not_hold() {
    let stack = Stack::start();
    let (api, ..) = logged_in(&stack).await;
    let app_id = &stack.app.app_id;
    let bob = stack.control().phone("bob", app_id.as_str()).unwrap();
    let bob = OpenId::new(bob.openid());
    let error = api.phone_number(app_id, &bob, &phone_code(&stack)).await;
    assert_eq!(named(&error.unwrap_err()).0, "phone_code_invalid");
}

#[rstest]
#[case::busy(-1, "unavailable")]
#[case::invalid(40029, "phone_code_invalid")]
#[case::used(40163, "phone_code_invalid")]
#[case::foreign_openid(40003, "phone_code_invalid")]
#[case::openid_of_another_app(43104, "phone_code_invalid")]
#[case::code_of_another_app(40013, "phone_code_invalid")]
#[case::minute(45011, "rate_limited")]
#[case::day(45009, "unavailable")]
#[case::not_permitted(48001, "misconfigured")]
#[case::user_limited(50002, "user_blocked")]
#[case::token_refused_twice(40001, "bad_answer")]
#[case::unknown(-77777, "bad_answer")]
#[tokio::test]
async fn an_errcode_at_the_phone_number_is_named(#[case] errcode: i64, #[case] name: &str) {
    let stack = Stack::start();
    let (api, open_id, _) = logged_in(&stack).await;
    let effect = FaultEffect::Errcode {
        code: errcode,
        errmsg: None,
    };
    stack
        .control()
        .inject(Fault::on(Api::GetPhoneNumber, effect));
    let code = phone_code(&stack);
    let error = api.phone_number(&stack.app.app_id, &open_id, &code);
    assert_eq!(named(&error.await.unwrap_err()).0, name);
}

#[tokio::test]
async fn a_number_of_another_app_is_not_taken() {
    let stack = Stack::start();
    let (api, open_id, _) = logged_in(&stack).await;
    let body = r#"{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86","watermark":{"timestamp":1637744274,"appid":"wx0000000000000000"}}}"#;
    let effect = FaultEffect::Body {
        body: body.to_owned(),
        status: 200,
        content_type: "text/plain".to_owned(),
    };
    stack
        .control()
        .inject(Fault::on(Api::GetPhoneNumber, effect));
    let code = phone_code(&stack);
    let error = api.phone_number(&stack.app.app_id, &open_id, &code);
    assert_eq!(named(&error.await.unwrap_err()).0, "bad_answer");
}

#[rstest]
#[case::signature(87009)]
#[case::expired(87007)]
#[tokio::test]
async fn a_session_key_that_wechat_does_not_know_is_not_current(#[case] code: i64) {
    let stack = Stack::start();
    let (api, open_id, key) = logged_in(&stack).await;
    let app_id = &stack.app.app_id;
    assert!(api.is_current(app_id, &open_id, &key).await.unwrap());
    let effect = FaultEffect::Errcode { code, errmsg: None };
    stack.control().inject(Fault::on(Api::CheckSession, effect));
    assert!(!api.is_current(app_id, &open_id, &key).await.unwrap());
}

#[tokio::test]
async fn an_app_that_is_not_configured_is_the_operators() {
    let stack = Stack::start();
    let (api, open_id, key) = logged_in(&stack).await;
    let other = AppId::new("wx0000000000000000");
    let error = api.is_current(&other, &open_id, &key).await.unwrap_err();
    assert_eq!(named(&error).0, "misconfigured");
}

/// A database that does not answer.
struct Stuck;

#[async_trait]
impl WechatTokenRepository for Stuck {
    async fn load(&self, _: &str) -> Result<Option<StoredWechatToken>, RepositoryError> {
        pending().await
    }

    async fn save(&self, _: &str, _: &StoredWechatToken) -> Result<(), RepositoryError> {
        pending().await
    }
}

#[tokio::test]
async fn a_database_that_hangs_costs_a_moment_and_no_call() {
    let stack = Stack::start();
    let session = stack.exchange(&stack.code()).await.unwrap();
    let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
    let client = stack.client().build().unwrap();
    let shared = SharedTokens {
        repository: Arc::new(Stuck),
        clock,
    };
    let app = AppClient::new(client, stack.app.clone()).sharing(shared);
    let api = HttpWechatApi::new([app]);
    for _ in 0..2 {
        let current = api.is_current(&stack.app.app_id, &session.open_id, &session.session_key);
        assert!(current.await.unwrap());
    }
    assert_eq!(stack.control().count_of(Api::StableToken), 1);
}
