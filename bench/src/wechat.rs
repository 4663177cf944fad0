//! A WeChat that takes any code, at next to no cost.
//!
//! The crate wxsandbox is the simulator to develop against: it keeps state and knows the rules.
//! For a load on the service it does too much. This one knows code2session alone, answers at once
//! or after a fixed time, and takes a code for what it says: `<user>.<anything>` is a code of the
//! user of that number.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::exact;

/// The openid of the user of this number: 28 characters, as WeChat's are. `growth::seed` has
/// the same in SQL.
pub(crate) fn open_id(user: &str) -> String {
    let digest = hex::encode(Sha256::digest(user.as_bytes()));
    format!("o{}", digest.get(..27).unwrap_or_default())
}

/// Serves on `address` until the process ends. Each answer is given after `latency`.
///
/// # Errors
/// If the address is taken.
pub(crate) async fn serve(address: SocketAddr, latency: Duration) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A client that goes away is no concern of WeChat's.
            let _ = talk(stream, latency).await;
        });
    }
}

async fn talk(mut stream: TcpStream, latency: Duration) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(2048);
    let mut answer = Vec::with_capacity(512);
    while stream.read_buf(&mut received).await? > 0 {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        if !request.parse(&received)?.is_complete() {
            continue;
        }
        let code = request.path.and_then(code_of).context("no js_code")?;
        write_session(&mut answer, code);
        received.clear();
        exact::sleep(latency).await;
        stream.write_all(&answer).await?;
    }
    Ok(())
}

fn code_of(path: &str) -> Option<&str> {
    let (_, query) = path.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("js_code="))
}

/// The answer to code2session, with WeChat's Content-Type.
fn write_session(out: &mut Vec<u8>, code: &str) {
    let user = code.split_once('.').map_or(code, |(user, _)| user);
    let session_key = Sha256::digest(code.as_bytes());
    let session_key = STANDARD.encode(session_key.get(..16).unwrap_or_default());
    let open_id = open_id(user);
    let body = format!(r#"{{"session_key":"{session_key}","openid":"{open_id}"}}"#);
    let length = body.len();
    out.clear();
    out.extend_from_slice(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
}
