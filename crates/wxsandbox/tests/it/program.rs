//! The program `wxsandbox` as one starts it by hand.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wxsandbox");

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program and reads from its greeting where it listens.
fn start(arguments: &[&str]) -> Result<(Running, String, Vec<String>)> {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("no output")?;
    let running = Running(child);
    let mut lines = BufReader::new(output).lines();
    let first = lines.next().context("no greeting")??;
    let base = first.rsplit(' ').next().context("no address")?.to_owned();
    let mut greeting = Vec::new();
    for line in lines {
        let line = line?;
        let last = line.contains("wx.login");
        greeting.push(line);
        if last {
            break;
        }
    }
    Ok((running, base, greeting))
}

#[tokio::test]
async fn the_demo_greets_with_a_curl_that_works_and_answers_a_probe() {
    let (_running, base, greeting) = start(&[]).unwrap();
    let curl = greeting.last().unwrap();
    let url = curl.split('\'').nth(1).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(url).send().await.unwrap().text().await.unwrap();
    assert!(answer.contains(r#""code":"0"#), "{answer}");
    let address = base.strip_prefix("http://").unwrap();
    let probe = Command::new(PROGRAM)
        .args(["--listen", address, "--probe"])
        .status();
    assert!(probe.unwrap().success());
}

#[test]
fn it_serves_although_nothing_reads_its_greeting() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", &address]).stdout(writer);
    let mut running = Running(command.spawn().unwrap());
    let began = Instant::now();
    loop {
        let mut probe = Command::new(PROGRAM);
        probe.args(["--listen", &address, "--probe"]);
        if probe.status().unwrap().success() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    let pid = running.0.id().to_string();
    let told = Command::new("kill").arg(pid).status().unwrap();
    assert!(told.success());
    // A panic would end it with 101.
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_file_says_which_apps_there_are() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = r#"
        [[apps]]
        app_id = "wx00000000000000aa"
        secret = "0123456789abcdef0123456789abcdef"
        name = "Mine"
    "#;
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let (_running, _, greeting) = start(&["--config", path]).unwrap();
    assert!(greeting[0].contains("wx00000000000000aa"), "{greeting:?}");
}

#[tokio::test]
async fn it_is_told_where_the_service_is() {
    let (_running, base, _) = start(&["--service", "http://127.0.0.1:5000"]).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{base}/page/start.json")).send().await;
    let text = answer.unwrap().text().await.unwrap();
    assert!(text.contains("http://127.0.0.1:5000"), "{text}");
}

#[test]
fn a_file_that_does_not_fit_is_refused_with_its_line() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"seed = 1\nsede = 2\n").unwrap();
    let output = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--config"])
        .arg(file.path())
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && log.contains("line 2"), "{log}");
}

#[test]
fn nobody_listening_fails_the_probe() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let probe = Command::new(PROGRAM)
        .args(["--listen", &address, "--probe"])
        .status();
    assert!(!probe.unwrap().success());
}
