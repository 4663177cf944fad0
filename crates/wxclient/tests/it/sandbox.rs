//! The client against the sandbox: two readings of WeChat's documents that must agree.

use std::net::SocketAddr;
use std::time::Duration;

use domain::id::AppId;
use domain::ports::CodeExchanger as _;
use domain::secret::LoginCode;
use secrecy::ExposeSecret as _;
use url::Url;
use wxclient::{App, AppSecret, HttpCodeExchanger};
use wxsandbox::{RunningSandbox, Sandbox, SandboxConfig};

use crate::wechat::{client, named};

/// A sandbox, one of its apps, and a login through the port.
struct House {
    sandbox: RunningSandbox,
    exchanger: HttpCodeExchanger,
    app_id: AppId,
}

fn house(with_secret: impl Fn(&str) -> String) -> House {
    let config = SandboxConfig::default();
    let app = config.apps().first().unwrap();
    let app_id = AppId::new(app.app_id.clone());
    let secret = AppSecret::new(with_secret(app.secret.expose_secret()));
    let sandbox = Sandbox::start(config, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = Url::parse(sandbox.base_url()).unwrap();
    let app = App {
        app_id: app_id.clone(),
        secret,
    };
    House {
        sandbox,
        exchanger: HttpCodeExchanger::new(client(&url).build().unwrap(), [app]),
        app_id,
    }
}

impl House {
    fn code(&self) -> LoginCode {
        let phone = self.sandbox.control().phone("alice", self.app_id.as_str());
        LoginCode::new(phone.unwrap().login().unwrap())
    }
}

#[tokio::test]
async fn a_code_is_exchanged_for_the_users_own_session() {
    let house = house(ToOwned::to_owned);
    let code = house.code();
    let session = house
        .exchanger
        .exchange(&house.app_id, &code)
        .await
        .unwrap();
    let phone = house
        .sandbox
        .control()
        .phone("alice", house.app_id.as_str());
    assert_eq!(session.open_id.as_str(), phone.unwrap().openid());
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let house = house(ToOwned::to_owned);
    let code = house.code();
    house
        .exchanger
        .exchange(&house.app_id, &code)
        .await
        .unwrap();
    let error = house
        .exchanger
        .exchange(&house.app_id, &code)
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("code_invalid", None));
    let code = house.code();
    house.sandbox.control().advance(Duration::from_secs(301));
    let error = house
        .exchanger
        .exchange(&house.app_id, &code)
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("code_invalid", None));
}

#[tokio::test]
async fn a_wrong_secret_is_a_misconfiguration() {
    let house = house(|_| "0".repeat(32));
    let code = house.code();
    let error = house
        .exchanger
        .exchange(&house.app_id, &code)
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("misconfigured", None));
}
