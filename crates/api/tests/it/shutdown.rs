//! SIGTERM with logins in flight: what must outlive a worker does.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::program::{Program, command};
use crate::stack::{Answer, soon};

/// A WeChat that answers when it is told to, and keeps its connections open.
struct HeldWechat {
    url: String,
    arrived: mpsc::UnboundedReceiver<()>,
    /// Hears when the service drops a connection whose request was not answered.
    broken: mpsc::UnboundedReceiver<()>,
    /// How many requests may be answered in all.
    answers: watch::Sender<usize>,
}

impl HeldWechat {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell_arrived, arrived) = mpsc::unbounded_channel();
        let (tell_broken, broken) = mpsc::unbounded_channel();
        let (answers, allowed) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let talk = Talk {
                    connection,
                    arrived: tell_arrived.clone(),
                    broken: tell_broken.clone(),
                    allowed: allowed.clone(),
                };
                tokio::spawn(talk.serve());
            }
        });
        Self {
            url,
            arrived,
            broken,
            answers,
        }
    }

    fn start_service(&self, folder: &TempDir) -> Program {
        let mut command = command(folder);
        command
            .env("WXLOGIN_WECHAT__BASE_URL", &self.url)
            .env("WXLOGIN_WECHAT__TIMEOUT_MS", "10000")
            .env("WXLOGIN_APP_ID", "wx0123456789abcdef")
            .env("WXLOGIN_APP_SECRET", "0".repeat(32))
            .env("WXLOGIN_SERVER__WORKERS", "8")
            .env("WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP", "0");
        Program::start(command)
    }

    async fn wait_for(&mut self, requests: usize) {
        for _ in 0..requests {
            let arrived = timeout(Duration::from_secs(20), self.arrived.recv()).await;
            arrived.unwrap().unwrap();
        }
    }
}

/// One connection of the service's.
struct Talk {
    connection: TcpStream,
    arrived: mpsc::UnboundedSender<()>,
    broken: mpsc::UnboundedSender<()>,
    allowed: watch::Receiver<usize>,
}

impl Talk {
    async fn serve(mut self) {
        let mut request = [0; 4096];
        let mut answered = 0;
        while let Ok(1..) = self.connection.read(&mut request).await {
            let _ = self.arrived.send(());
            answered += 1;
            tokio::select! {
                allowed = self.allowed.wait_for(|allowed| *allowed >= answered) => {
                    drop(allowed);
                }
                _ = self.connection.read(&mut request) => {
                    let _ = self.broken.send(());
                    return;
                }
            }
            let body = r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            drop(self.connection.write_all((head + body).as_bytes()).await);
        }
    }
}

/// A login on a connection of its own.
async fn login(service: String, code: String) -> Answer {
    let request = reqwest::Client::new().post(format!("{service}/user/wxlogin"));
    let sent = request.json(&json!({ "platCode": code })).send();
    Answer::read(sent.await.unwrap()).await
}

async fn not_ready(ops: &str) {
    soon("readiness to go false", || async {
        let ready = reqwest::get(format!("{ops}/health/ready")).await.ok()?;
        (ready.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_login_in_flight_keeps_its_connection_to_wechat_when_idle_workers_end() {
    let mut wechat = HeldWechat::new().await;
    let folder = tempfile::tempdir().unwrap();
    let program = wechat.start_service(&folder);
    let service = program.address_after("serves on ");
    let ops = program.address_after("metrics on ");
    // Two logins for each worker leave sixteen connections to WeChat, opened by all workers.
    let first: Vec<_> = (0..16)
        .map(|number| tokio::spawn(login(service.clone(), format!("021first{number:08}"))))
        .collect();
    wechat.wait_for(16).await;
    wechat.answers.send_replace(1);
    for answer in first {
        answer.await.unwrap().data();
    }
    let in_flight = tokio::spawn(login(service, String::from("021ByuFs0fNXie1T")));
    wechat.wait_for(1).await;
    program.terminate();
    not_ready(&ops).await;
    // WeChat takes its time; seven workers have nothing to do and end meanwhile.
    let broken = timeout(Duration::from_millis(1_500), wechat.broken.recv()).await;
    assert!(broken.is_err(), "the connection to WeChat was dropped");
    wechat.answers.send_replace(2);
    in_flight.await.unwrap().data();
    let (status, log) = program.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn a_login_whose_phone_hung_up_is_stored_before_the_end() {
    let mut wechat = HeldWechat::new().await;
    let folder = tempfile::tempdir().unwrap();
    let program = wechat.start_service(&folder);
    let service = program.address_after("serves on ");
    let ops = program.address_after("metrics on ");
    let phone = tokio::spawn(login(service, String::from("021ByuFs0fNXie1T")));
    wechat.wait_for(1).await;
    phone.abort();
    drop(phone.await);
    program.terminate();
    not_ready(&ops).await;
    let broken = timeout(Duration::from_millis(1_500), wechat.broken.recv()).await;
    assert!(broken.is_err(), "the connection to WeChat was dropped");
    wechat.answers.send_replace(1);
    let ended = tokio::task::spawn_blocking(|| program.wait());
    let (status, log) = ended.await.unwrap();
    assert_eq!(status.code(), Some(0), "{log}");

    let program = wechat.start_service(&folder);
    let answer = login(
        program.address_after("serves on "),
        String::from("021ByuFs0fNXie2T"),
    );
    assert_eq!(answer.await.data()["isNewUser"], Value::Bool(false));
}
