//! A login code's way, by what the network does.

use std::time::Duration;

use rstest::rstest;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use url::Url;

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{SESSION, client, exchange, named};

#[rstest]
#[case::closed(Act::Close)]
#[case::reset(Act::Reset)]
#[case::half_a_head(Act::Partial("HTTP/1.1 200 OK\r\ncontent-".to_owned()))]
#[case::half_a_body(Act::Partial("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"openid\":\"o1\"".to_owned()))]
#[case::half_a_chunk(Act::Partial("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\n{".to_owned()))]
#[case::not_http(Act::Partial("SSH-2.0-OpenSSH_9.6\r\n".to_owned()))]
#[case::html_502(Act::Answer(answer(
    "502 Bad Gateway",
    "content-type: text/html",
    "<html>502</html>"
)))]
#[case::json_500(Act::Answer(answer("500 Oops", "x: y", SESSION)))]
#[case::empty_412(Act::Answer(answer("412 Precondition Failed", "x: y", "")))]
#[case::no_content(Act::Answer("HTTP/1.1 204 No Content\r\n\r\n".to_owned()))]
#[case::html_200(Act::Answer(answer(
    "200 OK",
    "content-type: text/html",
    "<html>login to the wifi</html>"
)))]
#[case::empty_200(Act::Answer(ok("")))]
#[tokio::test]
async fn an_answer_that_is_none_is_bad_and_the_code_is_not_sent_again(#[case] act: Act) {
    let server = Server::start([act, Act::Answer(ok(SESSION))]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("bad_answer", None));
    assert!(error.spends_code);
    assert_eq!(server.seen().len(), 1);
}

#[rstest]
#[case(301)]
#[case(302)]
#[case(307)]
#[case(308)]
#[tokio::test]
async fn a_redirect_is_not_followed(#[case] status: u16) {
    let elsewhere = Server::start([Act::Answer(ok(SESSION))]).await;
    let redirect = answer(
        &format!("{status} Moved"),
        &format!("location: {}sns/jscode2session", elsewhere.url),
        "",
    );
    let server = Server::start([Act::Answer(redirect)]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("bad_answer", None));
    assert!(elsewhere.seen().is_empty());
}

#[rstest]
#[case::announced(format!("HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n{}", " ".repeat(65537)))]
#[case::in_chunks(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10001\r\n{}", " ".repeat(65537)))]
#[tokio::test]
async fn an_endless_answer_is_not_read(#[case] flood: String) {
    let server = Server::start([Act::Hang(flood)]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("bad_answer", None));
}

#[rstest]
#[case::silence(Act::Hang(String::new()))]
#[case::silence_after_the_head(Act::Hang("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_owned()))]
#[case::a_byte_now_and_then(Act::Trickle)]
#[tokio::test]
async fn no_answer_in_time_is_a_timeout_and_the_code_is_not_sent_again(#[case] act: Act) {
    let server = Server::start([act]).await;
    let mut client = client(&server.url);
    client.policy.timeout = Duration::from_millis(300);
    let error = exchange(client.build().unwrap()).await.unwrap_err();
    assert_eq!(named(&error), ("timeout", None));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_connection_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = exchange(client(&url).build().unwrap()).await.unwrap_err();
    assert_eq!(named(&error), ("unavailable", Some(5)));
    assert!(!error.spends_code);
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_unavailable() {
    // A full backlog: the kernel drops further SYNs.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    let url = Url::parse(&format!("http://{address}")).unwrap();
    for connect_timeout in [300, 10_000] {
        let mut client = client(&url);
        client.policy.connect_timeout = Duration::from_millis(connect_timeout);
        client.policy.timeout = Duration::from_secs(1);
        let error = exchange(client.build().unwrap()).await.unwrap_err();
        assert_eq!(named(&error), ("unavailable", Some(5)), "{connect_timeout}");
    }
}

#[tokio::test]
async fn a_host_without_an_address_is_unavailable() {
    let url = Url::parse("http://wechat.invalid").unwrap();
    let error = exchange(client(&url).build().unwrap()).await.unwrap_err();
    assert_eq!(named(&error), ("unavailable", Some(5)));
}

#[tokio::test]
async fn a_connection_serves_one_call_after_the_other() {
    let server = Server::start([Act::Answer(ok(SESSION))]).await;
    let client = client(&server.url).build().unwrap();
    for _ in 0..3 {
        exchange(client.clone()).await.unwrap();
    }
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
}

#[tokio::test]
async fn a_connection_that_wechat_closed_while_idle_is_not_used_again() {
    let server = Server::start([Act::AnswerAndClose(ok(SESSION))]).await;
    let client = client(&server.url).build().unwrap();
    for nth in 0..3 {
        exchange(client.clone()).await.unwrap();
        server.connection_closed().await;
        assert_eq!(server.seen().len(), nth + 1);
    }
}

#[tokio::test]
async fn a_call_whose_turn_does_not_come_in_time_is_unavailable_and_not_sent() {
    let server = Server::start([Act::Hang(String::new())]).await;
    let mut client = client(&server.url);
    client.policy.timeout = Duration::from_millis(400);
    client.policy.max_concurrency = 1;
    let client = client.build().unwrap();
    let (one, other) = tokio::join!(exchange(client.clone()), exchange(client));
    assert_eq!(named(&one.unwrap_err()), ("timeout", None));
    assert_eq!(named(&other.unwrap_err()), ("unavailable", Some(1)));
    assert_eq!(server.seen().len(), 1);
}
