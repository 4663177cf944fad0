//! Logins against the sandbox: two readings of WeChat's documents that must agree.

use std::net::SocketAddr;
use std::time::Duration;

use domain::id::AppId;
use domain::ports::{WechatApiError, WechatSession};
use domain::secret::LoginCode;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use url::Url;
use wxclient::{App, AppSecret, ClientOptions};
use wxsandbox::{AppConfig, Control, Phone, RunningSandbox, Sandbox, SandboxConfig};

use crate::wechat::{client, exchange_at, named};

/// A sandbox, and the first of its apps.
pub(crate) struct Stack {
    pub(crate) app: App,
    sandbox: RunningSandbox,
}

impl Stack {
    pub(crate) fn start() -> Self {
        Self::start_with(SandboxConfig::default())
    }

    pub(crate) fn start_with(config: SandboxConfig) -> Self {
        let app = config.apps().first().unwrap();
        Self {
            app: App {
                app_id: AppId::new(app.app_id.clone()),
                secret: AppSecret::new(app.secret.expose_secret()),
            },
            sandbox: Sandbox::start(config, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap(),
        }
    }

    pub(crate) fn control(&self) -> &Control {
        self.sandbox.control()
    }

    /// Changes the app in WeChat's console.
    pub(crate) fn change_app(&self, change: impl FnOnce(&mut AppConfig)) {
        self.control()
            .change_app(self.app.app_id.as_str(), change)
            .unwrap();
    }

    pub(crate) fn phone(&self) -> Phone {
        self.control()
            .phone("alice", self.app.app_id.as_str())
            .unwrap()
    }

    pub(crate) fn code(&self) -> LoginCode {
        LoginCode::new(self.phone().login().unwrap())
    }

    pub(crate) fn client(&self) -> ClientOptions {
        client(&Url::parse(self.sandbox.base_url()).unwrap())
    }

    pub(crate) async fn exchange(&self, code: &LoginCode) -> Result<WechatSession, WechatApiError> {
        exchange_at(self.client().build().unwrap(), self.app.clone(), code).await
    }
}

#[tokio::test]
async fn a_code_is_exchanged_for_the_users_own_session() {
    let stack = Stack::start();
    let session = stack.exchange(&stack.code()).await.unwrap();
    let phone = stack.phone();
    assert_eq!(session.open_id.as_str(), phone.openid());
    assert_eq!(
        session.union_id.map(|id| id.as_str().to_owned()),
        phone.unionid()
    );
    let key = stack
        .control()
        .session_key("alice", stack.app.app_id.as_str());
    assert_eq!(
        session.session_key.expose(),
        key.unwrap().unwrap().expose_secret()
    );
}

#[tokio::test]
async fn an_unbound_app_has_no_unionid() {
    let stack = Stack::start();
    stack.change_app(|app| app.open_platform = None);
    let session = stack.exchange(&stack.code()).await.unwrap();
    assert!(session.union_id.is_none());
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let stack = Stack::start();
    let code = stack.code();
    stack.exchange(&code).await.unwrap();
    let error = stack.exchange(&code).await.unwrap_err();
    assert_eq!(named(&error), ("code_used", None));
    let code = stack.code();
    stack.control().advance(Duration::from_secs(301));
    let error = stack.exchange(&code).await.unwrap_err();
    assert_eq!(named(&error), ("code_invalid", None));
}

#[tokio::test]
async fn a_code_of_another_app_or_a_mock_one_is_invalid() {
    let stack = Stack::start();
    let other = stack.control().apps().remove(1).app_id;
    let phone = stack.control().phone("alice", &other).unwrap();
    for code in [phone.login().unwrap(), "the code is a mock one".to_owned()] {
        let error = stack.exchange(&LoginCode::new(code)).await.unwrap_err();
        assert_eq!(named(&error), ("code_invalid", None));
    }
}

#[rstest]
#[case::ip(|app: &mut AppConfig| {
    app.ip_whitelist = Some(vec!["10.0.0.0/8".parse().unwrap()]);
    app.ip_whitelist_on_login = true;
}, "misconfigured")]
#[case::frozen(|app: &mut AppConfig| app.frozen = true, "user_blocked")]
#[tokio::test]
async fn what_is_wrong_with_the_app_is_told(#[case] spoil: fn(&mut AppConfig), #[case] name: &str) {
    let stack = Stack::start();
    let code = stack.code();
    stack.change_app(spoil);
    let error = stack.exchange(&code).await.unwrap_err();
    assert_eq!(named(&error).0, name);
}

#[tokio::test]
async fn a_secret_that_was_reset_is_a_misconfiguration() {
    let stack = Stack::start();
    let code = stack.code();
    let app_id = stack.app.app_id.as_str();
    stack.control().reset_secret(app_id).unwrap();
    let error = stack.exchange(&code).await.unwrap_err();
    assert_eq!(named(&error), ("misconfigured", None));
}

#[tokio::test]
async fn too_many_logins_of_a_user_are_limited() {
    let stack = Stack::start();
    stack
        .control()
        .change_policy(|policy| policy.logins_per_minute_per_user = 1);
    stack.exchange(&stack.code()).await.unwrap();
    let error = stack.exchange(&stack.code()).await.unwrap_err();
    assert_eq!(named(&error), ("rate_limited", Some(60)));
}
