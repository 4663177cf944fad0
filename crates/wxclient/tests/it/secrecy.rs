//! No error shows a secret, in no form and over no fault.

use std::error::Error;
use std::time::Duration;

use domain::ports::ExchangeError;
use url::Url;

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{CODE, SECRET, SESSION_KEY, client, exchange};

/// Everything an error can show: text, debug form, and those of its whole chain.
fn everything(error: &ExchangeError) -> String {
    let links = std::iter::successors(Some(error as &dyn Error), |&error| error.source());
    let shown: Vec<_> = links
        .map(|error| format!("{error} {error:?} {error:#?}"))
        .collect();
    shown.join("\n")
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let errmsg = format!(
        "bad secret={SECRET} js_code={CODE} from 10.9.8.7, rid: 652d44d0-6f2b9a51-3c1e7d42"
    );
    let refused =
        |code: i64| Act::Answer(ok(&format!(r#"{{"errcode":{code},"errmsg":"{errmsg}"}}"#)));
    let leaky = format!(r#"{{"session_key":"{SESSION_KEY}","openid":"{CODE}","x":"{SECRET}""#);
    let acts = [
        refused(-1),
        refused(40001),
        refused(40029),
        refused(40125),
        refused(40164),
        refused(45011),
        refused(99999),
        Act::Close,
        Act::Reset,
        Act::Hang(String::new()),
        Act::Trickle,
        Act::Partial(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{leaky}"
        )),
        Act::Partial(format!("{leaky}\r\n\r\n")),
        Act::Answer(answer("502 Bad Gateway", "content-type: text/html", &leaky)),
        Act::Answer(answer(
            "302 Found",
            &format!("location: /?secret={SECRET}"),
            "",
        )),
        Act::Answer(answer(
            "200 OK",
            &format!("content-encoding: gzip\r\nx-secret: {SECRET}"),
            &leaky,
        )),
        Act::Answer(ok(&leaky)),
        Act::Answer(ok(&format!("{leaky},\"errcode\":\"{SECRET}\"}}"))),
        Act::Answer(ok(&format!(
            r#"{{"session_key":["{SESSION_KEY}"],"openid":"{SECRET}"}}"#
        ))),
        Act::Answer(ok(&format!(r#"{{"session_key":"{SESSION_KEY}"}}"#))),
        Act::Answer(ok(&" ".repeat(70_000))),
    ];
    let mut errors = Vec::new();
    for act in acts {
        let server = Server::start([act]).await;
        let client = client(&server.url).timeout(Duration::from_millis(600));
        errors.push(exchange(client.build().unwrap()).await.unwrap_err());
    }
    for nowhere in [
        "http://wechat.invalid",
        "http://127.0.0.1:1",
        "https://127.0.0.1:1",
    ] {
        let nowhere = Url::parse(nowhere).unwrap();
        errors.push(
            exchange(client(&nowhere).build().unwrap())
                .await
                .unwrap_err(),
        );
    }
    for error in errors {
        let shown = everything(&error);
        for secret in [
            SECRET,
            CODE,
            SESSION_KEY,
            "secret=",
            "js_code",
            "jscode2session?",
            "10.9.8.7",
        ] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("/sns/jscode2session: "), "{shown}");
    }
}

#[tokio::test]
async fn the_log_line_says_who_must_do_what() {
    let body = r#"{"errcode":40164,"errmsg":"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist, rid: 652d44d0-6f2b9a51-3c1e7d42"}"#;
    let server = Server::start([Act::Answer(ok(body))]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "/sns/jscode2session: errcode 40164 (the caller's IP is not in the app's whitelist), \
         seen from 1.2.3.4, rid 652d44d0-6f2b9a51-3c1e7d42; operator: add this service's public \
         address to the IP whitelist in the console (开发管理)"
    );
}
