//! `wxlogin check`: what it says about each thing that can be wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::json;
use tempfile::TempDir;
use wxsandbox::{AppConfig, Control, RunningSandbox, Sandbox, SandboxConfig};

use crate::program::command;
use crate::wechat_service::unreachable;

/// A sandbox, and a `wxlogin check` that has it for WeChat.
struct Checked {
    sandbox: RunningSandbox,
    app: AppConfig,
    command: Command,
    _folder: TempDir,
}

impl Checked {
    fn new() -> Self {
        let config = SandboxConfig::default();
        let app = config.apps()[0].clone();
        let sandbox = Sandbox::start(config, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(&folder);
        command
            .arg("check")
            .env("WXLOGIN_WECHAT__BASE_URL", sandbox.base_url())
            .env("WXLOGIN_WECHAT__CONNECT_TIMEOUT_MS", "500")
            .env("WXLOGIN_APP_ID", &app.app_id)
            .env("WXLOGIN_APP_SECRET", app.secret.expose_secret());
        Self {
            sandbox,
            app,
            command,
            _folder: folder,
        }
    }

    fn control(&self) -> &Control {
        self.sandbox.control()
    }

    /// Whether all was well, and the lines.
    #[track_caller]
    fn run(&mut self) -> (bool, Vec<String>) {
        let output = self.command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        let secret = self.app.secret.expose_secret();
        assert!(!said.contains(secret) && !complained.contains(secret));
        let well = output.status.success();
        assert_eq!(well, complained.is_empty(), "{complained}");
        assert!(
            well || output.status.code() == Some(1),
            "{:?}",
            output.status
        );
        (well, said.lines().map(ToOwned::to_owned).collect())
    }

    /// Runs it, and gives the only line that says `fail`.
    #[track_caller]
    fn failure(&mut self) -> String {
        let (well, lines) = self.run();
        let mut bad = lines.iter().filter(|line| line.starts_with("fail  "));
        let line = bad.next().cloned();
        assert!(
            !well && line.is_some() && bad.next().is_none(),
            "{lines:#?}"
        );
        line.unwrap()
    }
}

#[test]
fn what_works_is_said_line_by_line() {
    let (well, lines) = Checked::new().run();
    assert!(well, "{lines:#?}");
    for (line, about) in lines
        .iter()
        .zip(["configuration", "database", "clock", "app wx"])
    {
        assert!(line.starts_with(&format!("ok    {about}")), "{lines:#?}");
    }
    assert_eq!(lines.len(), 4, "{lines:#?}");
}

#[test]
fn the_phone_numbers_that_are_left_are_told_and_having_none_is_no_failure() {
    let mut checked = Checked::new();
    let use_up = |app: &mut AppConfig| app.resource_packs[1].used = 1000;
    let app_id = checked.app.app_id.clone();
    checked.control().change_app(&app_id, use_up).unwrap();
    let (well, lines) = checked.run();
    assert!(well, "{lines:#?}");
    let told = "phone numbers left: 1000 quick (10000077), 0 verified (10000086)";
    assert!(lines[3].contains(told), "{lines:#?}");
}

#[test]
fn without_any_settings_the_sandbox_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&folder).arg("check").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("sandbox"), "{said}");
    assert_eq!(said.matches("ok    app wx").count(), 2, "{said}");
}

#[test]
fn of_two_app_secrets_it_is_told_which_wechat_takes() {
    let mut checked = Checked::new();
    let right = checked.app.secret.expose_secret().to_owned();
    let apps = |secrets: [&str; 2]| {
        json!([{"app_id": checked.app.app_id, "secrets": secrets}]).to_string()
    };
    let wrong = "0".repeat(32);
    let cases = [
        (apps([&right, &wrong]), "takes the first"),
        (apps([&wrong, &right]), "takes the second"),
    ];
    for name in ["WXLOGIN_APP_ID", "WXLOGIN_APP_SECRET"] {
        checked.command.env_remove(name);
    }
    for (apps, told) in cases {
        checked.command.env("WXLOGIN_APPS", apps);
        let (well, lines) = checked.run();
        assert!(well && lines[3].contains(told), "{lines:#?}");
    }
}

#[test]
fn a_wrong_app_secret_is_told_with_what_to_do() {
    let mut checked = Checked::new();
    checked.control().reset_secret(&checked.app.app_id).unwrap();
    let line = checked.failure();
    assert!(
        line.starts_with(&format!("fail  app {}", checked.app.app_id)),
        "{line}"
    );
    for word in [
        "40125",
        "rid",
        "operator",
        "configure the new one",
        "请更新配置",
    ] {
        assert!(line.contains(word), "{word}: {line}");
    }
}

#[test]
fn an_address_that_is_not_in_the_whitelist_is_told() {
    let mut checked = Checked::new();
    let change = |app: &mut AppConfig| app.ip_whitelist = Some(vec!["10.0.0.0/8".parse().unwrap()]);
    checked
        .control()
        .change_app(&checked.app.app_id, change)
        .unwrap();
    let line = checked.failure();
    for word in ["40164", "seen from 127.0.0.1", "IP 白名单"] {
        assert!(line.contains(word), "{word}: {line}");
    }
}

#[test]
fn every_app_is_tried() {
    let mut checked = Checked::new();
    let other = &checked.control().apps()[1];
    let apps = serde_json::json!([
        {"app_id": checked.app.app_id, "secret": "0".repeat(32)},
        {"app_id": other.app_id, "secret": other.secret.expose_secret(), "name": "Members"},
    ]);
    checked.command.env_remove("WXLOGIN_APP_ID");
    checked.command.env_remove("WXLOGIN_APP_SECRET");
    checked.command.env("WXLOGIN_APPS", apps.to_string());
    let (well, lines) = checked.run();
    assert!(!well, "{lines:#?}");
    assert!(lines[3].starts_with("fail  app wx"), "{lines:#?}");
    assert!(
        lines[4].starts_with("ok    app wx") && lines[4].contains("Members"),
        "{lines:#?}"
    );
}

#[test]
fn a_wechat_that_is_away_is_told() {
    let mut checked = Checked::new();
    let away = unreachable();
    checked
        .command
        .env("WXLOGIN_WECHAT__BASE_URL", away.as_str());
    let (well, lines) = checked.run();
    assert!(!well && lines.len() == 4, "{lines:#?}");
    assert!(
        lines[0].starts_with("ok  ") && lines[1].starts_with("ok  "),
        "{lines:#?}"
    );
    for line in &lines[2..] {
        assert!(line.starts_with("fail  "), "{line}");
        assert!(
            line.contains("no connection to WeChat") && line.contains("proxy"),
            "{line}"
        );
    }
}

#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let mut checked = Checked::new();
    let url = "postgres://wxlogin:geheim@127.0.0.1:1/wxlogin?connect_timeout=1";
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    checked
        .command
        .env("DATABASE_URL", url)
        .env("WXLOGIN_MASTER_KEY", key);
    let line = checked.failure();
    assert!(
        line.starts_with("fail  database postgres://127.0.0.1:1/wxlogin: "),
        "{line}"
    );
    assert!(
        line.contains("database.url") && !line.contains("geheim"),
        "{line}"
    );
}

#[test]
fn an_old_schema_is_told_if_no_start_will_change_it() {
    let mut checked = Checked::new();
    checked
        .command
        .env("WXLOGIN_DATABASE__MIGRATE_ON_START", "false");
    let line = checked.failure();
    assert!(line.contains("wxlogin migrate"), "{line}");
}

#[test]
fn a_setting_that_cannot_be_is_told_by_name() {
    let mut checked = Checked::new();
    checked.command.env("WXLOGIN_SERVER__WORKERS", "geheim");
    let line = checked.failure();
    assert!(
        line.starts_with("fail  configuration: server.workers"),
        "{line}"
    );
    assert!(!line.contains("geheim"), "{line}");
}

/// A server that knows one answer.
fn server_with_date(date: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            drop(connection.read(&mut request));
            let body = r#"{"access_token":"70_x","expires_in":7200}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\n{date}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            drop(connection.write_all((head + body).as_bytes()));
        }
    });
    format!("http://{address}")
}

#[rstest]
#[case::ahead("Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n", Some("ahead of"))]
#[case::behind("Date: Thu, 01 Jan 2099 00:00:00 GMT\r\n", Some("behind"))]
#[case::untold("", None)]
fn a_clock_that_is_wrong_is_told(#[case] date: &'static str, #[case] relation: Option<&str>) {
    let mut checked = Checked::new();
    checked
        .command
        .env("WXLOGIN_WECHAT__BASE_URL", server_with_date(date));
    let Some(relation) = relation else {
        let (well, lines) = checked.run();
        assert!(well && lines[2].contains("not compared"), "{lines:#?}");
        return;
    };
    let line = checked.failure();
    assert!(line.starts_with("fail  clock: "), "{line}");
    assert!(line.contains(relation) && line.contains("NTP"), "{line}");
}

#[test]
fn a_database_that_cannot_be_used_is_told_in_one_line() {
    let database = testpg::database().unwrap();
    let url = database.url();
    let (server, name) = url.rsplit_once('/').unwrap();
    let latin = format!("{name}_latin1");
    let create = format!(
        "CREATE DATABASE {latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    );
    database.run(&create).unwrap();
    let mut checked = Checked::new();
    checked
        .command
        .env(
            "WXLOGIN_MASTER_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        )
        .env("DATABASE_URL", format!("{server}/{latin}"));
    let told = checked.failure();
    assert!(told.contains("database's encoding is LATIN1"), "{told}");
    database
        .run(&format!("DROP DATABASE {latin} (FORCE)"))
        .unwrap();
}
