//! A kept-alive HTTP/1.1 connection.

use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many headers an answer may have.
const MAX_HEADERS: usize = 32;

pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.with_context(|| format!("nothing listens on {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and gives the body of the answer.
    ///
    /// # Errors
    /// If the connection breaks, or the answer is not 200 with a Content-Length.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        let answer = self.ask(request).await?;
        if answer.status != 200 {
            bail!("answered {}", String::from_utf8_lossy(&self.received));
        }
        Ok(self.received.get(answer.body).unwrap_or_default())
    }

    /// Sends a request and gives the status of the answer.
    ///
    /// # Errors
    /// If the connection breaks, or the answer has no Content-Length.
    pub(crate) async fn status(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        Ok(self.ask(request).await?.status)
    }

    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            let count = self.stream.read_buf(&mut self.received).await?;
            ensure!(count > 0, "the server closed the connection");
            if let Some(answer) = parse(&self.received)?
                && self.received.len() >= answer.body.end
            {
                return Ok(answer);
            }
        }
    }
}

/// What the head of an answer says.
struct Answer {
    status: u16,
    /// Where the body is, once it is complete.
    body: Range<usize>,
}

/// `None` if the head is not complete.
fn parse(received: &[u8]) -> anyhow::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(received)? else {
        return Ok(None);
    };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .context("an answer without Content-Length")?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    Ok(Some(Answer {
        status: response.code.unwrap_or_default(),
        body: head..head + length,
    }))
}

/// Writes a GET; `token` is for Authorization.
pub(crate) fn get(out: &mut Vec<u8>, path: &str, token: &str) {
    for piece in [
        "GET ",
        path,
        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
        token,
        "\r\n\r\n",
    ] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// Writes a POST of a JSON body.
pub(crate) fn post(out: &mut Vec<u8>, path: &str, body: &str) {
    post_with(out, path, "Content-Type: application/json", body);
}

/// Writes a POST with these headers, a line break between them.
pub(crate) fn post_with(out: &mut Vec<u8>, path: &str, headers: &str, body: &str) {
    let length = body.len().to_string();
    for piece in [
        "POST ",
        path,
        " HTTP/1.1\r\nHost: localhost\r\n",
        headers,
        "\r\nContent-Length: ",
        &length,
        "\r\n\r\n",
        body,
    ] {
        out.extend_from_slice(piece.as_bytes());
    }
}
