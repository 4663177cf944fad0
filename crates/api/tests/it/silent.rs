//! Connections that send nothing, and requests that arrive while the process stands still.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Client;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::program::{Program, command, limited};
use crate::stack::Answer;

/// The address from which nothing is sent. The other phones have 127.0.0.1.
const SILENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const REQUEST: &[u8] = b"GET /user/me HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

/// Holds so many silent connections, and opens another for each that is closed.
struct Flood {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Flood {
    fn start(service: SocketAddr, count: usize) -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            ..limit
        };
        setrlimit(Resource::Nofile, raised).unwrap();
        let is_over = Arc::<AtomicBool>::default();
        let asked = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut held: Vec<Socket> = (0..count).map(|_| connect(service)).collect();
            while !asked.load(Ordering::Relaxed) {
                for socket in &mut held {
                    if is_closed(socket) {
                        *socket = connect(service);
                    }
                }
                thread::yield_now();
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A connection from the silent address, made or on its way.
fn connect(service: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((SILENT, 0)).into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let _ = socket.connect(&service.into());
    socket
}

fn is_closed(socket: &Socket) -> bool {
    use std::io::ErrorKind::{NotConnected, WouldBlock};
    let peeked = socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
    !peeked.is_err_and(|error| matches!(error.kind(), WouldBlock | NotConnected))
}

fn service(program: &Program) -> SocketAddr {
    let url = program.address_after("serves on ");
    url.trim_start_matches("http://").parse().unwrap()
}

#[tokio::test]
async fn silent_connections_of_one_address_do_not_delay_the_logins_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = limited(&folder, "-n 1024");
    command.env("WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP", "0");
    let program = Program::start(command);
    let service = service(&program);
    let wechat = program.address_after("plays WeChat and the phones: ");
    let phone = Client::builder()
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let flood = Flood::start(service, 1_500);
    let began = Instant::now();
    let mut logins = 0;
    // WeChat takes at most 100 logins of a user a minute.
    while began.elapsed() < Duration::from_secs(4) && logins < 100 {
        let code = phone.get(format!("{wechat}/phone/alice/login?format=text"));
        let code = code.send().await.unwrap().text().await.unwrap();
        let login = phone.post(format!("http://{service}/user/wxlogin"));
        let login = login.json(&json!({ "platCode": code })).send().await;
        Answer::read(login.unwrap()).await.data();
        logins += 1;
    }
    assert!(logins > 4, "{logins} logins");
    drop(flood);
    program.terminate();
    let ended = tokio::task::spawn_blocking(|| program.wait());
    let (status, log) = timeout(Duration::from_secs(10), ended)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn half_a_head_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let mut phone = TcpStream::connect(service(&program)).await.unwrap();
    phone.write_all(&REQUEST[..30]).await.unwrap();
    let mut buffer = [0];
    let read = timeout(Duration::from_secs(20), phone.read(&mut buffer));
    assert_eq!(read.await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn requests_that_arrive_while_the_process_stands_still_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    command.env("WXLOGIN_SERVER__WORKERS", "1");
    let program = Program::start(command);
    let service = service(&program);
    let mut phones = Vec::new();
    for _ in 0..32 {
        phones.push(TcpStream::connect(service).await.unwrap());
    }
    // The only worker takes connections one after the other, so it has those before this one.
    let mut last = TcpStream::connect(service).await.unwrap();
    last.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut last).await.starts_with("HTTP/1.1 401"));
    program.signal("STOP");
    for phone in &mut phones {
        phone.write_all(REQUEST).await.unwrap();
    }
    // The pause itself; five seconds are what actix-web allows for a head.
    sleep(Duration::from_secs(7)).await;
    program.signal("CONT");
    for phone in &mut phones {
        let answer = answer(phone).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
}

/// What comes first on the connection.
async fn answer(phone: &mut TcpStream) -> String {
    let mut answer = [0; 2048];
    let read = timeout(Duration::from_secs(10), phone.read(&mut answer));
    let length = read.await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}
