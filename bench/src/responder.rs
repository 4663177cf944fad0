//! An HTTP server of next to no cost, for what the measured service asks.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::exact;

/// Writes the answer to a request of this path. If it writes nothing, the connection is closed.
pub(crate) type Answer = fn(path: &str, out: &mut Vec<u8>);

/// Serves on `address` until the process ends, over TLS if it is given. Each answer is given after
/// `latency`.
///
/// # Errors
/// If the address is taken.
pub(crate) async fn serve(
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    latency: Duration,
    answer: Answer,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that goes away does not end the server.
            let _ = accept(stream, tls, latency, answer).await;
        });
    }
}

async fn accept(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    latency: Duration,
    answer: Answer,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => talk(tls.accept(stream).await?, latency, answer).await,
        None => talk(stream, latency, answer).await,
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    latency: Duration,
    answer: Answer,
) -> anyhow::Result<()> {
    let mut received = Vec::with_capacity(2048);
    let mut out = Vec::with_capacity(512);
    while stream.read_buf(&mut received).await? > 0 {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = request.parse(&received)? else {
            continue;
        };
        if received.len() < head + body_length(request.headers)? {
            continue;
        }
        out.clear();
        answer(request.path.unwrap_or_default(), &mut out);
        ensure!(!out.is_empty(), "a request that is not served");
        received.clear();
        exact::sleep(latency).await;
        stream.write_all(&out).await?;
        // TLS writes when it is flushed.
        stream.flush().await?;
    }
    Ok(())
}

fn body_length(headers: &[httparse::Header<'_>]) -> anyhow::Result<usize> {
    let mut headers = headers.iter();
    let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    length.map_or(Ok(0), |length| {
        Ok(std::str::from_utf8(length.value)?.parse()?)
    })
}

/// Writes a 200.
pub(crate) fn write(out: &mut Vec<u8>, kind: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body.as_bytes());
}
