//! What most tests of this crate run: the service, the sandbox as WeChat, and a database.

use std::sync::Arc;
use std::time::Duration;

use api::settings::{App, HttpUrl, Listen, Secret, Settings};
use api::startup::Application;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::Clock;
use reqwest::{Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use testpg::TestDatabase;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;
use wxsandbox::{Phone, RunningSandbox, Sandbox, SandboxConfig};

use crate::link::Link;

/// The database of a stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

/// Service, sandbox and database. All of it ends with this value.
pub(crate) struct Stack {
    pub(crate) sandbox: RunningSandbox,
    settings: Settings,
    service: Service,
    database: Kept,
}

/// What holds the database.
enum Kept {
    Folder(#[expect(dead_code, reason = "deleted when dropped")] TempDir),
    Postgres(TestDatabase),
}

/// One replica of the service. It ends with this value.
pub(crate) struct Service {
    url: String,
    ops_url: String,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<JoinHandle<()>>,
}

/// An answer of the service, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Stack {
    pub(crate) async fn new(store: Store) -> Self {
        Self::with(store, |_| {}).await
    }

    /// A stack with changed settings.
    pub(crate) async fn with(store: Store, change: impl FnOnce(&mut Settings)) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default(), Listen::loopback(0).0).unwrap();
        let (url, database) = open(store);
        let mut settings = settings(&sandbox, &url);
        change(&mut settings);
        let service = Service::start(settings.clone()).await;
        Self {
            sandbox,
            settings,
            service,
            database,
        }
    }

    /// Stops the service and starts it again on the same database.
    pub(crate) async fn restart(&mut self) {
        self.service.stop().await;
        self.service = Service::start(self.settings.clone()).await;
    }

    pub(crate) fn app_id(&self, number: usize) -> String {
        self.settings.apps[number].app_id.clone()
    }

    /// The phone of `user`, with the first app open.
    pub(crate) fn phone(&self, user: &str) -> Phone {
        let control = self.sandbox.control();
        control.phone(user, &self.app_id(0)).unwrap()
    }

    /// `user` opens the first app and calls `wx.login`.
    pub(crate) fn code(&self, user: &str) -> String {
        self.code_in(user, &self.app_id(0))
    }

    pub(crate) fn code_in(&self, user: &str, app_id: &str) -> String {
        self.sandbox
            .control()
            .phone(user, app_id)
            .unwrap()
            .login()
            .unwrap()
    }

    /// `POST /user/wxlogin`
    pub(crate) async fn login(&self, body: &Value) -> Answer {
        self.send(Method::POST, "/user/wxlogin", None, Some(body))
            .await
    }

    /// A login of `user` with a code alone, which must succeed. Gives `data`.
    pub(crate) async fn logged_in(&self, user: &str) -> Value {
        self.login(&json!({ "platCode": self.code(user) }))
            .await
            .data()
    }

    /// `GET /user/me`
    pub(crate) async fn me(&self, token: &Value) -> Answer {
        self.send(Method::GET, "/user/me", token.as_str(), None)
            .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        self.service.send(method, path, token, body).await
    }

    /// The same with other settings.
    pub(crate) async fn restart_with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.restart().await;
    }

    /// Another replica on the same database and WeChat.
    pub(crate) async fn replica(&self) -> Service {
        Service::start(self.settings.clone()).await
    }

    /// Another replica, on a machine with another clock.
    pub(crate) async fn replica_on(&self, machine: Arc<dyn Clock>) -> Service {
        Service::start_on(self.settings.clone(), machine).await
    }

    /// Another replica with other settings.
    pub(crate) async fn replica_with(&self, change: impl FnOnce(&mut Settings)) -> Service {
        Service::start(self.settings_with(change)).await
    }

    /// The settings of the service, changed.
    pub(crate) fn settings_with(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = self.settings.clone();
        change(&mut settings);
        settings
    }

    /// Another replica, which reaches the database over a link.
    pub(crate) async fn replica_behind(&self, link: &Link, machine: Arc<dyn Clock>) -> Service {
        let url = Secret::new(link.url());
        Service::start_on(
            self.settings_with(|settings| settings.database.url = url),
            machine,
        )
        .await
    }

    pub(crate) fn database_url(&self) -> &str {
        self.settings.database.url.expose()
    }

    /// Runs a statement in the PostgreSQL database, as an operator does.
    pub(crate) fn sql(&self, statement: &str) {
        let Kept::Postgres(database) = &self.database else {
            unreachable!("this needs PostgreSQL");
        };
        database.run(statement).unwrap();
    }

    /// A request to be made by hand.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.service.request(method, path)
    }

    /// Host and port of the service.
    pub(crate) fn address(&self) -> &str {
        self.service.url.trim_start_matches("http://")
    }

    /// A request to the ops listener.
    pub(crate) async fn ops_request(&self, method: Method, path: &str) -> reqwest::Response {
        let url = format!("{}{path}", self.service.ops_url);
        let request = self.service.http.request(method, url);
        request.send().await.unwrap()
    }

    /// A path of the ops listener.
    pub(crate) async fn ops(&self, path: &str) -> (StatusCode, String) {
        self.service.ops(path).await
    }
}

impl Service {
    async fn start(settings: Settings) -> Self {
        Self::run(Application::build(settings).await.unwrap())
    }

    async fn start_on(settings: Settings, machine: Arc<dyn Clock>) -> Self {
        Self::run(Application::build_on(settings, machine).await.unwrap())
    }

    fn run(application: Application) -> Self {
        let banner = application.banner().clone();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let asked = async { drop(stopped.await) };
            application.run_until(asked).await.unwrap();
        });
        Self {
            url: format!("http://{}", banner.service),
            ops_url: format!("http://{}", banner.ops),
            http: reqwest::Client::new(),
            stop: Some(stop),
            ended: Some(ended),
        }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// A path of the ops listener.
    pub(crate) async fn ops(&self, path: &str) -> (StatusCode, String) {
        let url = format!("{}{path}", self.ops_url);
        let response = self.http.get(url).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(ended) = self.ended.take() {
            ended.await.unwrap();
        }
    }
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            status,
            headers,
            body,
        }
    }

    /// The `data` of an answer that must be a success.
    pub(crate) fn data(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:#}", self.body);
        assert_eq!(self.body["code"], 200);
        self.body["data"].clone()
    }

    /// Asserts that this is the failure `error` in the documented form, and gives its `msg`.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str) -> String {
        assert_eq!(
            (self.status.as_u16(), &self.body["error"]),
            (status, &json!(error)),
            "{:#}",
            self.body
        );
        assert_eq!(self.body["code"], status);
        assert_eq!(self.header("x-request-id"), self.body["requestId"].as_str());
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let wait = self
            .header("retry-after")
            .map(|wait| wait.parse::<u64>().unwrap());
        assert_eq!(self.body.get("retryAfter"), wait.map(Value::from).as_ref());
        self.body["msg"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An empty database, and its URL.
fn open(store: Store) -> (String, Kept) {
    match store {
        Store::Sqlite => {
            let folder = tempfile::tempdir().unwrap();
            (
                format!("sqlite://{}/wxlogin.db", folder.path().display()),
                Kept::Folder(folder),
            )
        }
        Store::Postgres => {
            let database = testpg::database().unwrap();
            (database.url(), Kept::Postgres(database))
        }
    }
}

/// The usual settings of a test: everything on free ports, WeChat is the sandbox.
fn settings(sandbox: &RunningSandbox, database: &str) -> Settings {
    let mut settings = Settings::default();
    settings.server.listen = Listen::loopback(0);
    settings.server.ops_listen = Listen::loopback(0);
    settings.server.workers = Some(2);
    settings.database.url = Secret::new(database);
    settings.database.pool_size = 4;
    // Made when a picture is stored, as only the tests of pictures do, which name a folder.
    settings.avatars.url = String::from("file:///nonexistent/avatars");
    settings.master_key = vec![Secret::new(STANDARD.encode([7; 32]))];
    settings.wechat.base_url = Some(HttpUrl(Url::parse(sandbox.base_url()).unwrap()));
    settings.apps = SandboxConfig::default().apps().iter().map(app).collect();
    settings.limits.login_per_minute_per_ip = 0;
    settings
}

fn app(app: &wxsandbox::AppConfig) -> App {
    App {
        app_id: app.app_id.clone(),
        secret: Secret::new(app.secret.expose_secret()),
        secrets: Vec::new(),
        name: None,
        open_platform: app.open_platform.clone(),
        push_token: None,
        push_aes_key: None,
        push_relay: Vec::new(),
        api_security: None,
    }
}

/// Waits for something that happens soon, by asking again and again.
pub(crate) async fn soon<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    for _ in 0..200 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    unreachable!("waited ten seconds in vain for {what}");
}
