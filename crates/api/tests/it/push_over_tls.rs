//! What the push relay offers a target that speaks TLS.

use std::time::Duration;

use api::settings::{PushRule, Secret, TargetUrl};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::timeout;
use url::Url;

use crate::push_stack::{TOKEN, plain};
use crate::push_target::SECRET;
use crate::stack::{Stack, Store};

/// The extension `application_layer_protocol_negotiation` (RFC 7301) with one protocol: type and length,
/// the length of the list, the length of the name, and the name.
const HTTP_1_1_ALONE: &[u8] = b"\x00\x10\x00\x0b\x00\x09\x08http/1.1";

/// The first record that a client sends: its `ClientHello`, which is not encrypted.
async fn client_hello(listener: TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.unwrap();
    let mut hello = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
    stream.read_exact(&mut hello).await.unwrap();
    hello
}

#[tokio::test]
async fn a_target_is_offered_http_1_1_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_relay = vec![PushRule {
            events: vec![String::from("*")],
            url: TargetUrl(Url::parse(&url).unwrap()),
            secret: Secret::new(SECRET),
        }];
    })
    .await;
    let message = plain(&stack, r#"{"MsgType":"text","MsgId":7,"Content":"hi"}"#);
    let hello = timeout(Duration::from_secs(30), client_hello(listener));
    let (_, hello) = tokio::join!(message, hello);
    let hello = hello.unwrap();
    let mut parts = hello.windows(HTTP_1_1_ALONE.len());
    assert!(parts.any(|part| part == HTTP_1_1_ALONE), "{hello:x?}");
}
