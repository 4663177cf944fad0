//! A server that answers each request by a script: what a network and a gateway can do to one.
#![expect(clippy::unwrap_used, reason = "a harness reports to its test alone")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

/// What the server does with a request it has read.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with these bytes and keeps the connection.
    Answer(String),
    /// Answers, closes, and waits until the client has closed too.
    AnswerAndClose(String),
    /// Sends these bytes and closes.
    Partial(String),
    /// Closes without a word.
    Close,
    /// Resets the connection.
    Reset,
    /// Sends these bytes and then nothing more.
    Hang(String),
    /// Sends a byte now and then, without end.
    Trickle,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The number of the connection, from 0.
    pub(crate) connection: usize,
    /// The request line and the headers.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

/// A running server. The n-th request gets the n-th act; the last act is for all further ones.
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    closed: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let acts: Arc<[Act]> = acts.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(Notify::new());
        tokio::spawn({
            let (seen, closed) = (Arc::clone(&seen), Arc::clone(&closed));
            async move {
                for connection in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (acts, seen, closed) =
                        (Arc::clone(&acts), Arc::clone(&seen), Arc::clone(&closed));
                    tokio::spawn(async move {
                        serve(connection, stream, &acts, &seen).await;
                        closed.notify_one();
                    });
                }
            }
        });
        Self { url, seen, closed }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until both sides of a connection have closed it.
    pub(crate) async fn connection_closed(&self) {
        self.closed.notified().await;
    }
}

async fn serve(connection: usize, mut stream: TcpStream, acts: &[Act], seen: &Mutex<Vec<Seen>>) {
    while let Some((head, body)) = read_request(&mut stream).await {
        let nth = {
            let mut seen = seen.lock().unwrap();
            seen.push(Seen {
                connection,
                head,
                body,
            });
            seen.len() - 1
        };
        match acts.get(nth).or(acts.last()).unwrap() {
            Act::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            Act::AnswerAndClose(answer) => {
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
            Act::Partial(part) => return stream.write_all(part.as_bytes()).await.unwrap(),
            Act::Close => return,
            Act::Reset => return stream.set_zero_linger().unwrap(),
            Act::Hang(part) => {
                stream.write_all(part.as_bytes()).await.unwrap();
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Act::Trickle => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n";
                stream.write_all(head).await.unwrap();
                let mut tick = tokio::time::interval(Duration::from_millis(20));
                while stream.write_all(b" ").await.is_ok() {
                    tick.tick().await;
                }
                return;
            }
        }
    }
}

/// A request's head and body, by its Content-Length; `None` once the client has closed.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().unwrap());
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if matches!(stream.read_buf(&mut read).await, Ok(0) | Err(_)) {
            return None;
        }
    }
}

/// An answer of HTTP 200 as WeChat gives it.
pub(crate) fn ok(body: &str) -> String {
    answer("200 OK", "content-type: text/plain", body)
}

/// An answer.
pub(crate) fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}")
}
