//! What the tests log in with.
#![expect(clippy::unwrap_used, reason = "a harness reports to its test alone")]

use std::time::Duration;

use domain::id::AppId;
use domain::ports::{CodeExchanger, WechatApiError, WechatFailure, WechatSession};
use domain::secret::LoginCode;
use url::Url;
use wxclient::{App, AppClient, AppSecret, ClientOptions, HttpCodeExchanger, Policy, WechatClient};

use crate::server::{Act, ok};

pub(crate) const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const CODE: &str = "021ByuFs0fNXie1T5lJs0IwBFs0ByuF1";
pub(crate) const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
pub(crate) const SESSION: &str = r#"{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","unionid":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA"}"#;

pub(crate) fn app() -> App {
    App {
        app_id: AppId::new("wx0123456789abcdef"),
        secret: AppSecret::new(SECRET),
    }
}

/// A client of `url` that is done within 2 s.
pub(crate) fn client(url: &Url) -> ClientOptions {
    ClientOptions {
        base_url: Some(url.clone()),
        policy: Policy {
            connect_timeout: Duration::from_millis(500),
            timeout: Duration::from_secs(2),
            ..Policy::default()
        },
        ..ClientOptions::default()
    }
}

/// A client of the app at `url`, which is done within 2 s.
pub(crate) fn app_client(url: &Url) -> AppClient {
    AppClient::new(client(url).build().unwrap(), app())
}

/// An answer of HTTP 200 with this JSON.
pub(crate) fn json(body: &str) -> Act {
    Act::Answer(ok(body))
}

/// An answer of a token API.
pub(crate) fn token(token: &str, expires_in: u64) -> Act {
    json(&format!(
        r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#
    ))
}

/// Logs in through the port.
pub(crate) async fn exchange(client: WechatClient) -> Result<WechatSession, WechatApiError> {
    exchange_at(client, app(), &LoginCode::new(CODE)).await
}

/// Logs in to `app` with `code` through the port.
pub(crate) async fn exchange_at(
    client: WechatClient,
    app: App,
    code: &LoginCode,
) -> Result<WechatSession, WechatApiError> {
    let app_id = app.app_id.clone();
    HttpCodeExchanger::new(client, [app])
        .exchange(&app_id, code)
        .await
}

/// What an error means, and its retry_after in seconds.
pub(crate) fn named(error: &WechatApiError) -> (&'static str, Option<u64>) {
    let name = match error.failure {
        WechatFailure::CodeInvalid => "code_invalid",
        WechatFailure::CodeUsed => "code_used",
        WechatFailure::PhoneCodeInvalid => "phone_code_invalid",
        WechatFailure::UserBlocked => "user_blocked",
        WechatFailure::RateLimited => "rate_limited",
        WechatFailure::Misconfigured => "misconfigured",
        WechatFailure::BadAnswer => "bad_answer",
        WechatFailure::Timeout => "timeout",
        WechatFailure::Unavailable => "unavailable",
        WechatFailure::SessionKeyStale
        | WechatFailure::InvalidRequest
        | WechatFailure::OpenDataInvalid
        | WechatFailure::TooLong => "not the service's",
    };
    (name, error.retry_after.map(|wait| wait.as_secs()))
}
