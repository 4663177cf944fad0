//! Through an HTTP proxy.

use url::Url;

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{SECRET, SESSION, client, exchange, named};

#[tokio::test]
async fn a_plain_call_goes_through_the_proxy() {
    let proxy = Server::start([Act::Answer(ok(SESSION))]).await;
    let wechat = Url::parse("http://wechat.invalid").unwrap();
    let mut client = client(&wechat);
    client.proxy = Some(proxy.url.clone());
    exchange(client.build().unwrap()).await.unwrap();
    let head = &proxy.seen()[0].head;
    assert!(
        head.starts_with("GET http://wechat.invalid/sns/jscode2session?"),
        "{head}"
    );
}

#[tokio::test]
async fn an_encrypted_call_asks_the_proxy_for_a_tunnel_and_shows_it_nothing() {
    let refusal = Act::Answer(answer("502 Bad Gateway", "x: y", ""));
    let proxy = Server::start([refusal]).await;
    let wechat = Url::parse("https://api.weixin.qq.com").unwrap();
    let mut client = client(&wechat);
    client.proxy = Some(proxy.url.clone());
    let error = exchange(client.build().unwrap()).await.unwrap_err();
    assert_eq!(named(&error), ("unavailable", Some(5)));
    let seen = proxy.seen();
    assert!(
        seen[0]
            .head
            .starts_with("CONNECT api.weixin.qq.com:443 HTTP/1.1\r\n"),
        "{seen:?}"
    );
    assert!(!format!("{seen:?}").contains(SECRET));
}
