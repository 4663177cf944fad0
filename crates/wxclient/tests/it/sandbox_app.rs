//! Calls with an access_token against the sandbox.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use domain::id::{AppId, OpenId};
use domain::secret::{PhoneCode, SessionKey};
use domain::testing::FixedClock;
use domain::time::Timestamp;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use wxclient::app_client::{PaidOrder, Resource};
use wxclient::catalogue::WechatFailure;
use wxclient::component::{AuthorizerTokens, Component, ComponentClient, TicketSource};
use wxclient::security::{ApiSecurity, ApiSecurityKeys};
use wxclient::{AppClient, AppSecret};
use wxsandbox::{Api, ApiSecurityConfig, ComponentConfig, OpenDataOptions, SandboxConfig};

use crate::sandbox::Stack;
use crate::security::pem;

/// The app's client, and a user who has logged in.
async fn logged_in(stack: &Stack) -> (AppClient, OpenId, SessionKey) {
    let session = stack.exchange(&stack.code()).await.unwrap();
    let app = AppClient::new(stack.client().build().unwrap(), stack.app.clone());
    (app, session.open_id, session.session_key)
}

fn grant(stack: &Stack) -> wxsandbox::PhoneNumberGrant {
    let options = OpenDataOptions::default();
    stack.phone().phone_number(&options).unwrap()
}

#[rstest]
#[case::country_code_as_text(false)]
#[case::country_code_as_number(true)]
#[tokio::test]
async fn a_phone_code_is_exchanged_once(#[case] as_number: bool) {
    let stack = Stack::start();
    stack
        .control()
        .change_policy(|policy| policy.country_code_as_number = as_number);
    let (app, open_id, _) = logged_in(&stack).await;
    let code = PhoneCode::new(grant(&stack).code);
    let number = app.phone_number(&code, &open_id).await.unwrap();
    assert_eq!(number.country_code, "86");
    assert_eq!(number.pure_phone_number, "13800138000");
    let error = app.phone_number(&code, &open_id).await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::PhoneCodeInvalid);
}

#[tokio::test]
async fn what_is_left_is_what_was_bought_without_what_is_used_up() {
    let stack = Stack::start();
    let (app, ..) = logged_in(&stack).await;
    let use_some = |app: &mut wxsandbox::AppConfig| app.resource_packs[0].used = 30;
    let id = stack.app.app_id.as_str();
    stack.control().change_app(id, use_some).unwrap();
    let [quick, verified] = Resource::ALL;
    assert_eq!(app.left_of(quick).await.unwrap(), 970);
    assert_eq!(app.left_of(verified).await.unwrap(), 1000);
}

#[tokio::test]
async fn another_persons_phone_code_is_refused() {
    let stack = Stack::start();
    let (app, ..) = logged_in(&stack).await;
    let code = PhoneCode::new(grant(&stack).code);
    let other = stack.control().phone("bob", stack.app.app_id.as_str());
    let bob = OpenId::new(other.unwrap().openid());
    let error = app.phone_number(&code, &bob).await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::PhoneCodeInvalid);
}

#[tokio::test]
async fn a_token_is_replaced_when_it_is_revoked_and_when_it_expires() {
    let stack = Stack::start();
    let (app, open_id, key) = logged_in(&stack).await;
    assert!(app.check_session(&open_id, &key).await.unwrap());
    let app_id = stack.app.app_id.as_str();
    stack.control().revoke_tokens(app_id).unwrap();
    assert!(app.check_session(&open_id, &key).await.unwrap());
    stack.control().advance(Duration::from_hours(3));
    assert!(app.check_session(&open_id, &key).await.unwrap());
    assert_eq!(stack.control().count_of(Api::StableToken), 3);
}

#[tokio::test]
async fn plain_tokens_do_as_well() {
    let stack = Stack::start();
    let (_, open_id, key) = logged_in(&stack).await;
    let client = stack.client().build().unwrap();
    let app = AppClient::with_plain_tokens(client.clone(), stack.app.clone());
    assert!(app.check_session(&open_id, &key).await.unwrap());
    // Another program fetches a newer one, and time passes: ours is dead.
    client.plain_token(&stack.app).await.unwrap();
    stack.control().advance(Duration::from_mins(6));
    assert!(app.check_session(&open_id, &key).await.unwrap());
    assert_eq!(stack.control().count_of(Api::Token), 3);
}

#[tokio::test]
async fn a_session_key_is_checked_and_replaced() {
    let stack = Stack::start();
    let (app, open_id, old) = logged_in(&stack).await;
    let new = app.reset_session(&open_id, &old).await.unwrap();
    assert!(app.check_session(&open_id, &new).await.unwrap());
    assert!(!app.check_session(&open_id, &old).await.unwrap());
    let error = app.reset_session(&open_id, &old).await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::SessionKeyStale);
}

#[tokio::test]
async fn wechats_own_ciphertexts_are_known() {
    let stack = Stack::start();
    let (app, ..) = logged_in(&stack).await;
    let genuine = grant(&stack).encrypted.unwrap().encrypted_data;
    let checked = app.check_encrypted_message(&genuine).await.unwrap();
    assert!(checked.unwrap().created_at.is_some());
    assert!(app.check_encrypted_message("AAAA").await.unwrap().is_none());
}

#[tokio::test]
async fn a_payers_unionid_is_found_by_either_number() {
    let stack = Stack::start();
    let (app, open_id, _) = logged_in(&stack).await;
    let payment = stack.phone().pay();
    for order in [
        PaidOrder::Transaction(payment.transaction_id),
        PaidOrder::Merchant {
            mch_id: payment.mch_id,
            out_trade_no: payment.out_trade_no,
        },
    ] {
        let union_id = app.paid_union_id(&open_id, &order).await.unwrap();
        assert_eq!(Some(union_id.as_str().to_owned()), stack.phone().unionid());
    }
}

#[tokio::test]
async fn a_plugins_code_is_exchanged_once() {
    let stack = Stack::start();
    let (app, ..) = logged_in(&stack).await;
    let code = stack.phone().plugin_login();
    assert!(!app.plugin_open_pid(&code).await.unwrap().is_empty());
    assert!(app.plugin_open_pid(&code).await.is_err());
}

#[tokio::test]
async fn phone_and_server_have_the_same_encryption_key() {
    let stack = Stack::start();
    let (app, open_id, key) = logged_in(&stack).await;
    let latest = stack.phone().latest_user_key().unwrap();
    let keys = app.user_encrypt_keys(&open_id, &key).await.unwrap();
    let same = keys
        .iter()
        .find(|key| key.version == i64::from(latest.version));
    let same = same.unwrap();
    assert_eq!(same.encrypt_key.expose_secret(), latest.encrypt_key);
    assert_eq!(same.iv.expose_secret(), latest.iv);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_never_sent() {
    let stack = Stack::start();
    stack
        .control()
        .change_policy(|policy| policy.refuse_chunked = true);
    let (app, open_id, key) = logged_in(&stack).await;
    let code = PhoneCode::new(grant(&stack).code);
    app.phone_number(&code, &open_id).await.unwrap();
    app.user_encrypt_keys(&open_id, &key).await.unwrap();
}

#[tokio::test]
async fn signed_and_encrypted_calls_are_understood_on_both_sides() {
    let stack = Stack::start();
    let (app, open_id, session_key) = logged_in(&stack).await;
    let ours = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public_key = ours.public_key().as_der().unwrap();
    let symmetric_key = SecretString::from("otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=");
    stack.change_app(|app| {
        app.api_security = Some(ApiSecurityConfig {
            required: true,
            aes_sn: "fa05fe1e5bcc79b81ad5ad4b58acf787".to_owned(),
            aes_key: symmetric_key.clone(),
            public_key_pem: pem("PUBLIC KEY", public_key.as_ref()),
            certificate_sn: "79ba700ea147819f640941bceb38b1d1".to_owned(),
        });
    });
    let error = app.check_encrypted_message("x").await.unwrap_err();
    assert_eq!(
        error.failure(),
        WechatFailure::Misconfigured,
        "calls in clear are refused"
    );

    let keys = ApiSecurityKeys {
        symmetric_key,
        symmetric_key_serial: "fa05fe1e5bcc79b81ad5ad4b58acf787".to_owned(),
        private_key: pem("PRIVATE KEY", ours.as_der().unwrap().as_ref()).into(),
        private_key_serial: "1".to_owned(),
        platform_certificate: stack.control().platform_public_key().unwrap(),
        platform_certificate_serial: "79ba700ea147819f640941bceb38b1d1".to_owned(),
    };
    let now = Timestamp::from_second(stack.control().now().unix_seconds());
    let clock = Arc::new(FixedClock::at(now.unwrap()));
    let security = ApiSecurity::new(stack.app.app_id.clone(), &keys, clock);
    let app = app.secured(security.unwrap());

    let code = PhoneCode::new(grant(&stack).code);
    let number = app.phone_number(&code, &open_id).await.unwrap();
    assert_eq!(number.pure_phone_number, "13800138000");
    let genuine = grant(&stack).encrypted.unwrap().encrypted_data;
    let checked = app.check_encrypted_message(&genuine).await.unwrap();
    assert!(checked.is_some());
    let keys = app.user_encrypt_keys(&open_id, &session_key).await;
    assert!(keys.is_ok(), "{keys:?}");
    let plugin = app.plugin_open_pid(&stack.phone().plugin_login()).await;
    assert!(plugin.is_ok(), "{plugin:?}");
    // What WeChat does not cover stays in clear.
    assert!(app.check_session(&open_id, &session_key).await.unwrap());
}

struct Ticket(SecretString);

#[async_trait]
impl TicketSource for Ticket {
    async fn ticket(&self) -> Option<SecretString> {
        Some(self.0.clone())
    }
}

#[tokio::test]
async fn a_third_party_platform_logs_users_in_and_calls_for_the_app() {
    let mut config = SandboxConfig::default();
    let app_id = config.apps().first().unwrap().app_id.clone();
    let component_id = "wxc000000000000001".to_owned();
    config.components.push(ComponentConfig {
        component_app_id: component_id.clone(),
        secret: "c".repeat(32).into(),
        authorized: vec![app_id.clone()],
    });
    let stack = Stack::start_with(config);
    let given = stack.control().component_keys(&component_id, &app_id);
    let given = given.unwrap();
    let client = stack.client().build().unwrap();
    let platform = ComponentClient::new(
        client.clone(),
        Component {
            app_id: AppId::new(component_id),
            secret: AppSecret::new("c".repeat(32)),
        },
        Arc::new(Ticket(given.verify_ticket)),
    );
    let app_id = AppId::new(app_id);
    let session = platform.code2session(&app_id, &stack.code()).await.unwrap();
    assert_eq!(session.open_id.as_str(), stack.phone().openid());

    let tokens = AuthorizerTokens::new(platform, app_id.clone(), given.authorizer_refresh_token);
    let app = AppClient::with_tokens(client, app_id, Arc::new(tokens));
    let valid = app.check_session(&session.open_id, &session.session_key);
    assert!(valid.await.unwrap());
}
