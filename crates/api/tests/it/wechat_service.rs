//! The real program with the sandbox as its WeChat, and what it logs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;
use wxsandbox::{Api, RunningSandbox, Sandbox, SandboxConfig};

use crate::program::command;
use crate::stack::Answer;

/// A `wxlogin serve` whose log is read line by line. Killed when dropped.
pub(crate) struct LoggedService {
    pub(crate) sandbox: RunningSandbox,
    app_id: String,
    secret: String,
    url: String,
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
    http: reqwest::Client,
    _folder: TempDir,
}

impl LoggedService {
    /// `variables` come on top of the usual settings; the log has its usual level.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let config = SandboxConfig::default();
        let app = &config.apps()[0];
        let (app_id, secret) = (app.app_id.clone(), app.secret.expose_secret().to_owned());
        let sandbox =
            Sandbox::start(config, std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(&folder);
        command
            .env("WXLOGIN_WECHAT__BASE_URL", sandbox.base_url())
            .env("WXLOGIN_WECHAT__CONNECT_TIMEOUT_MS", "300")
            .env("WXLOGIN_WECHAT__TIMEOUT_MS", "1500")
            .env("WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP", "0")
            .env("WXLOGIN_APP_ID", &app_id)
            .env("WXLOGIN_APP_SECRET", &secret)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if variables.iter().any(|(name, _)| *name == "WXLOGIN_APPS") {
            command
                .env_remove("WXLOGIN_APP_ID")
                .env_remove("WXLOGIN_APP_SECRET");
        }
        let mut child = command.spawn().unwrap();
        let log = Arc::<Mutex<Vec<Value>>>::default();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                lines.lock().unwrap().push(line);
            }
        });
        let mut banner = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while !banner.contains("database: ") {
            let read = stdout.read_line(&mut banner).unwrap();
            assert_ne!(read, 0, "it ended: {:?}", log.lock().unwrap());
        }
        let (_, rest) = banner.split_once("serves on ").unwrap();
        Self {
            sandbox,
            app_id,
            secret,
            url: rest.split(',').next().unwrap().to_owned(),
            child,
            log,
            http: reqwest::Client::new(),
            _folder: folder,
        }
    }

    pub(crate) fn app_id(&self) -> &str {
        &self.app_id
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// alice calls `wx.login`.
    pub(crate) fn code(&self) -> String {
        let phone = self.sandbox.control().phone("alice", &self.app_id);
        phone.unwrap().login().unwrap()
    }

    pub(crate) async fn login(&self, code: &str) -> Answer {
        let url = format!("{}/user/wxlogin", self.url);
        let request = self.http.post(url).json(&json!({ "platCode": code }));
        Answer::read(request.send().await.unwrap()).await
    }

    /// A call of a user who is logged in.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::read(request.bearer_auth(token).send().await.unwrap()).await
    }

    /// How often WeChat was asked to exchange a code.
    pub(crate) fn exchanges(&self) -> u64 {
        self.sandbox.control().count_of(Api::Code2Session)
    }

    /// What was logged so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    /// What was logged about a request. (A line is written before the answer, and read a moment
    /// later.)
    pub(crate) fn log_of(&self, answer: &Answer) -> Vec<Value> {
        let id = answer.header("x-request-id").unwrap();
        let mut lines = self.log();
        lines.retain(|line| line.to_string().contains(id));
        lines
    }
}

impl Drop for LoggedService {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The address of a port on which no program listens.
pub(crate) fn unreachable() -> Url {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
}
