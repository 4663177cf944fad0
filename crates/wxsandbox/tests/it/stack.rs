//! A running sandbox and a client of its HTTP interfaces.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::time::timeout;
use wxsandbox::{Api, ClockStart, Control, Moment, Phone, RunningSandbox, Sandbox, SandboxConfig};

pub(crate) struct Stack {
    pub(crate) sandbox: RunningSandbox,
    pub(crate) client: Client,
    pub(crate) app: AppKeys,
    pub(crate) other_app: AppKeys,
}

#[derive(Clone)]
pub(crate) struct AppKeys {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Stack {
    /// The demo with a clock that stands.
    pub(crate) fn open() -> Result<Self> {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut SandboxConfig)) -> Result<Self> {
        let mut config = SandboxConfig {
            clock: ClockStart::Fixed(Moment::from_unix_seconds(1_750_000_000)),
            ..SandboxConfig::default()
        };
        change(&mut config);
        let keys: Vec<_> = config.apps().iter().map(AppKeys::of).collect();
        let sandbox = Sandbox::start(config, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let [app, other_app] = keys.first_chunk().context("the demo has two apps")?.clone();
        Ok(Self {
            sandbox,
            client,
            app,
            other_app,
        })
    }

    pub(crate) fn control(&self) -> &Control {
        self.sandbox.control()
    }

    /// Alice's phone in the first app.
    pub(crate) fn alice(&self) -> Result<Phone> {
        self.phone("alice")
    }

    pub(crate) fn phone(&self, user: &str) -> Result<Phone> {
        Ok(self.control().phone(user, &self.app.id)?)
    }

    /// The answer to code2session, which is JSON in `text/plain`.
    pub(crate) async fn code2session(&self, code: &str) -> Result<Value> {
        self.code2session_as(&self.app, code).await
    }

    pub(crate) async fn code2session_as(&self, app: &AppKeys, code: &str) -> Result<Value> {
        let query = [
            ("appid", app.id.as_str()),
            ("secret", &app.secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        json_of(self.get("/sns/jscode2session", &query).await?).await
    }

    /// A token from `/cgi-bin/stable_token`.
    pub(crate) async fn token(&self) -> Result<String> {
        self.token_of(&self.app).await
    }

    pub(crate) async fn token_of(&self, app: &AppKeys) -> Result<String> {
        let answer = self.stable_token(app, false).await?;
        Ok(text(&answer, "access_token")?.to_owned())
    }

    pub(crate) async fn stable_token(&self, app: &AppKeys, force: bool) -> Result<Value> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app.id,
            "secret": app.secret,
            "force_refresh": force,
        });
        self.post("/cgi-bin/stable_token", &[], &body).await
    }

    pub(crate) async fn plain_token(&self) -> Result<Value> {
        let query = [
            ("grant_type", "client_credential"),
            ("appid", self.app.id.as_str()),
            ("secret", &self.app.secret),
        ];
        json_of(self.get("/cgi-bin/token", &query).await?).await
    }

    /// A login's session_key and openid.
    pub(crate) async fn session(&self, user: &str) -> Result<Session> {
        let code = self.phone(user)?.login()?;
        let answer = self.code2session(&code).await?;
        Ok(Session {
            openid: text(&answer, "openid")?.to_owned(),
            key: text(&answer, "session_key")?.to_owned(),
        })
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        let request = self.client.post(self.url(path)).query(query).json(body);
        json_of(request.send().await?).await
    }

    /// The answer to a GET, as JSON.
    pub(crate) async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        json_of(self.get(path, query).await?).await
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Response> {
        let request = self.client.get(self.url(path)).query(query);
        Ok(request.send().await?)
    }

    /// Waits until a call has come in and done its work.
    pub(crate) async fn until_called(&self, api: Api) -> Result<()> {
        let called = async {
            while self.control().count_of(api) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        Ok(timeout(Duration::from_secs(30), called).await?)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }
}

impl AppKeys {
    fn of(app: &wxsandbox::AppConfig) -> Self {
        Self {
            id: app.app_id.clone(),
            secret: app.secret.expose_secret().to_owned(),
        }
    }
}

/// What code2session gave.
pub(crate) struct Session {
    pub(crate) openid: String,
    pub(crate) key: String,
}

/// The body as JSON, independent of its content type.
pub(crate) async fn json_of(response: Response) -> Result<Value> {
    Ok(serde_json::from_str(&response.text().await?)?)
}

/// The errcode of an answer; success has none.
pub(crate) fn errcode(answer: &Value) -> Option<i64> {
    answer.get("errcode").and_then(Value::as_i64)
}

/// A text field of an answer.
pub(crate) fn text<'a>(answer: &'a Value, field: &str) -> Result<&'a str> {
    let value = answer.get(field).and_then(Value::as_str);
    value.with_context(|| format!("no text `{field}` in {answer}"))
}
