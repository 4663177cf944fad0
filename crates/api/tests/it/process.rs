//! The program itself: its banner, its signals, its commands, its log.

use std::io::Read;
use std::process::Command;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::program::{Program, command};
use crate::stack::{Answer, soon};

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .arg("-s")
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pasted_curl_logs_in_and_finds_the_same_user_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let first = program.paste();
    let again = program.paste();
    // The answer has been given, so it must be on disk.
    program.kill();
    let program = Program::start(command(&folder));
    let later = program.paste();
    assert_eq!(first["data"]["isNewUser"], true, "{first:#}");
    for answer in [again, later] {
        assert_eq!(answer["data"]["userId"], first["data"]["userId"]);
        assert_eq!(answer["data"]["isNewUser"], false);
    }
    for file in ["data/wxlogin.db", "data/master.key"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

/// A WeChat that answers one exchange when it is told to.
struct SlowWechat {
    listener: TcpListener,
}

impl SlowWechat {
    async fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    /// Starts `wxlogin` with this WeChat.
    fn start_service(&self, folder: &TempDir) -> Program {
        let mut command = command(folder);
        command.env(
            "WXLOGIN_WECHAT__BASE_URL",
            format!("http://{}", self.listener.local_addr().unwrap()),
        );
        command
            .env("WXLOGIN_APP_ID", "wx0123456789abcdef")
            .env("WXLOGIN_APP_SECRET", "0".repeat(32));
        Program::start(command)
    }

    async fn answer_when(self, told: impl Future<Output = ()>) {
        let (mut connection, _) = self.listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert_ne!(connection.read(&mut request).await.unwrap(), 0);
        told.await;
        let body =
            r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection
            .write_all((head + body).as_bytes())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn sigterm_lets_what_is_under_way_finish_and_exits_0() {
    let wechat = SlowWechat::new().await;
    let folder = tempfile::tempdir().unwrap();
    let program = wechat.start_service(&folder);
    let (service, ops) = (
        program.address_after("serves on "),
        program.address_after("metrics on "),
    );
    let http = reqwest::Client::new();
    let login = http
        .post(format!("{service}/user/wxlogin"))
        .json(&json!({ "platCode": "021ByuFs0fNXie1T" }));
    let under_way = tokio::spawn(login.send());
    let wechat = wechat.answer_when(async {
        program.terminate();
        soon("readiness to go false", || async {
            let ready = http.get(format!("{ops}/health/ready")).send().await.ok()?;
            (ready.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
        soon("new connections to be refused", || async {
            reqwest::Client::new()
                .get(format!("{service}/user/me"))
                .send()
                .await
                .is_err()
                .then_some(())
        })
        .await;
    });
    wechat.await;
    Answer::read(under_way.await.unwrap().unwrap()).await.data();
    let (status, log) = program.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn the_log_holds_no_secret_even_at_its_most_talkative() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    command.env("RUST_LOG", "trace");
    let mut program = Program::start(command);
    // A pipe that is full would stop the program.
    let mut stderr = program.stderr();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let wechat = program.address_after("plays WeChat and the phones: ");
    let service = program.address_after("serves on ");
    let answer = program.paste();
    let code = curl(&[&format!("{wechat}/phone/bob/login?format=text")]);
    let body = json!({ "platCode": code }).to_string();
    let login = curl(&[
        "-H",
        "content-type: application/json",
        "-d",
        &body,
        &format!("{service}/user/wxlogin"),
    ]);
    let login: Value = serde_json::from_str(&login).unwrap();
    let bearer = format!(
        "authorization: Bearer {}",
        login["data"]["token"].as_str().unwrap()
    );
    assert!(curl(&["-H", &bearer, &format!("{service}/user/me")]).contains("userId"));
    let secret = wxsandbox::SandboxConfig::default().apps()[0].secret.clone();
    program.terminate();
    let log = {
        program.wait_unread();
        log.join().unwrap()
    };
    assert!(log.contains("TRACE"), "the log was not talkative at all");
    let secrets = [
        (
            "AppSecret",
            secrecy::ExposeSecret::expose_secret(&secret).to_owned(),
        ),
        ("code", code),
        ("token", login["data"]["token"].as_str().unwrap().to_owned()),
        (
            "refresh token",
            login["data"]["refreshToken"].as_str().unwrap().to_owned(),
        ),
        (
            "first token",
            answer["data"]["token"].as_str().unwrap().to_owned(),
        ),
        (
            "master key",
            std::fs::read_to_string(folder.path().join("data/master.key"))
                .unwrap()
                .trim()
                .to_owned(),
        ),
        ("session_key", String::from("session_key\":")),
    ];
    for (name, secret) in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "{name} is in the log: {line:?}");
    }
}

#[test]
fn a_trusted_proxy_whose_header_makes_no_sense_is_reported_once_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    command.env("WXLOGIN_SERVER__TRUSTED_PROXIES", "127.0.0.1");
    let program = Program::start(command);
    let url = format!("{}/user/wxlogin", program.address_after("serves on "));
    for header in ["unknown", "unknown", "203.0.113.7", "client, _x"] {
        let header = format!("x-forwarded-for: {header}");
        curl(&["-H", &header, "-d", "{}", &url]);
    }
    program.terminate();
    let (status, log) = program.wait();
    assert!(status.success(), "{log}");
    let complaints: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("X-Forwarded-For"))
        .collect();
    let [complaint] = complaints[..] else {
        unreachable!("{log}");
    };
    assert!(
        complaint.contains("unknown") && complaint.contains("127.0.0.1"),
        "{complaint}"
    );
}

#[test]
fn a_bad_setting_is_named_and_the_program_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&folder)
        .env("WXLOGIN_SERVER__WORKERS", "geheim")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("server.workers") && !said.contains("geheim"),
        "{said}"
    );
}

#[test]
fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&folder)
        .env("WXLOGIN_SERVER__LISTEN", &address)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(&address), "{said}");
}

#[test]
fn migrate_may_be_run_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = command(&folder).arg("migrate").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(folder.path().join("data/wxlogin.db").exists());
}

#[test]
fn an_error_is_explained_to_people() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |error: &str| command(&folder).args(["explain", error]).output().unwrap();
    let output = explain("40163");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("code_invalid"),
        "{output:?}"
    );
    assert!(explain("-1").status.success());
    assert_eq!(explain("no_such_error").status.code(), Some(1));
}

#[tokio::test]
async fn a_service_without_its_database_starts_and_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    command.env(
        "DATABASE_URL",
        "postgres://127.0.0.1:1/wxlogin?connect_timeout=1",
    );
    command.env(
        "WXLOGIN_MASTER_KEY",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
    );
    let program = Program::start(command);
    let ops = program.address_after("metrics on ");
    let ready = reqwest::get(format!("{ops}/health/ready")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let live = reqwest::get(format!("{ops}/health/live")).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let answer = program.paste();
    assert_eq!(answer["error"], "storage_unavailable", "{answer:#}");
    program.terminate();
    tokio::time::timeout(Duration::from_secs(20), async { program.wait() })
        .await
        .unwrap();
}
