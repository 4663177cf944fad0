//! Each fault, as a client meets it.

use std::error::Error as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wxsandbox::{Api, Fault, FaultEffect};

use crate::stack::{Stack, errcode, json_of, text};

const LOGIN: Api = Api::Code2Session;

/// Logs alice in with this fault in force for one call, and gives the code too.
async fn struck(stack: &Stack, fault: Fault) -> (String, reqwest::Result<reqwest::Response>) {
    stack.control().inject(fault.times(1));
    let code = stack.alice().unwrap().login().unwrap();
    let response = stack.client.get(login_url(stack, &code)).send().await;
    (code, response)
}

fn login_url(stack: &Stack, code: &str) -> String {
    let (id, secret) = (&stack.app.id, &stack.app.secret);
    stack.url(&format!(
        "/sns/jscode2session?appid={id}&secret={secret}&js_code={code}&grant_type=authorization_code"
    ))
}

async fn struck_answer(stack: &Stack, effect: FaultEffect) -> Value {
    let (_, response) = struck(stack, Fault::on(LOGIN, effect)).await;
    json_of(response.unwrap()).await.unwrap()
}

async fn later(stack: &Stack, code: &str) -> Option<i64> {
    errcode(&stack.code2session(code).await.unwrap())
}

const BUSY: FaultEffect = FaultEffect::Errcode {
    code: -1,
    errmsg: None,
};

#[tokio::test]
async fn an_errcode_comes_before_the_work_and_leaves_the_code_unused() {
    let stack = Stack::open().unwrap();
    let (code, response) = struck(&stack, Fault::on(LOGIN, BUSY)).await;
    let answer = json_of(response.unwrap()).await.unwrap();
    assert_eq!(answer, json!({"errcode": -1, "errmsg": "system error"}));
    assert_eq!(later(&stack, &code).await, None);
}

#[tokio::test]
async fn an_errcode_after_the_work_has_used_the_code_up() {
    let stack = Stack::open().unwrap();
    let (code, response) = struck(&stack, Fault::on(LOGIN, BUSY).after_the_work()).await;
    assert_eq!(
        errcode(&json_of(response.unwrap()).await.unwrap()),
        Some(-1)
    );
    assert_eq!(later(&stack, &code).await, Some(40163));
}

#[tokio::test]
async fn a_reset_before_the_work_leaves_the_code_unused_and_one_after_it_does_not() {
    let stack = Stack::open().unwrap();
    let fault = Fault::on(LOGIN, FaultEffect::Reset);
    let (code, response) = struck(&stack, fault.clone()).await;
    assert!(!response.unwrap_err().is_timeout());
    assert_eq!(later(&stack, &code).await, None);
    let (code, response) = struck(&stack, fault.after_the_work()).await;
    assert!(response.is_err());
    assert_eq!(later(&stack, &code).await, Some(40163));
}

#[tokio::test]
async fn a_reset_is_a_reset_and_not_an_orderly_end() {
    let stack = Stack::open().unwrap();
    let (_, response) = struck(&stack, Fault::on(LOGIN, FaultEffect::Reset)).await;
    let error = response.unwrap_err();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            assert_eq!(io.kind(), std::io::ErrorKind::ConnectionReset);
            return;
        }
        source = cause.source();
    }
    unreachable!("no I/O error in {error:?}");
}

#[tokio::test]
async fn half_a_body_promises_its_whole_length() {
    let stack = Stack::open().unwrap();
    stack
        .control()
        .inject(Fault::on(LOGIN, FaultEffect::HalfBody));
    let mut stream = TcpStream::connect(stack.sandbox.addr()).await.unwrap();
    let request = "GET /sns/jscode2session HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = String::new();
    let end = stream.read_to_string(&mut all).await;
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    assert_eq!(body.len(), length / 2, "{all} {end:?}");
    assert!(body.starts_with(r#"{"errcode":41002"#), "{body}");
}

#[tokio::test]
async fn a_hanging_call_keeps_the_connection_open_and_says_nothing() {
    let stack = Stack::open().unwrap();
    let fault = Fault::on(LOGIN, FaultEffect::Hang).after_the_work();
    lost_answer(&stack, fault).await;
}

#[tokio::test]
async fn a_delay_after_the_work_loses_the_answer_of_who_does_not_wait() {
    let stack = Stack::open().unwrap();
    let fault = Fault::on(LOGIN, FaultEffect::Delay { ms: 600_000 });
    lost_answer(&stack, fault.after_the_work()).await;
}

/// The code is used up while its caller still waits.
async fn lost_answer(stack: &Stack, fault: Fault) {
    stack.control().inject(fault.times(1));
    let code = stack.alice().unwrap().login().unwrap();
    let waiting = stack.client.get(login_url(stack, &code)).send();
    let meanwhile = async {
        stack.until_called(LOGIN).await.unwrap();
        later(stack, &code).await
    };
    tokio::select! {
        answer = waiting => unreachable!("there is an answer: {answer:?}"),
        second = meanwhile => assert_eq!(second, Some(40163)),
    }
}

#[tokio::test]
async fn a_delay_delays() {
    let stack = Stack::open().unwrap();
    let begin = tokio::time::Instant::now();
    let answer = struck_answer(&stack, FaultEffect::Delay { ms: 150 }).await;
    assert!(begin.elapsed() >= Duration::from_millis(150));
    assert!(answer.get("openid").is_some());
}

#[tokio::test]
async fn a_gateway_in_trouble_sends_html() {
    let stack = Stack::open().unwrap();
    let fault = Fault::on(LOGIN, FaultEffect::Html { status: 502 });
    let (code, response) = struck(&stack, fault).await;
    let response = response.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["content-type"]
        ),
        (502, &"text/html".parse().unwrap())
    );
    assert!(response.text().await.unwrap().contains("502 Bad Gateway"));
    assert_eq!(later(&stack, &code).await, None);
}

#[tokio::test]
async fn a_redirect_points_elsewhere() {
    let stack = Stack::open().unwrap();
    let location = "http://127.0.0.1:9/elsewhere".to_owned();
    let (_, response) = struck(&stack, Fault::on(LOGIN, FaultEffect::Redirect { location })).await;
    let response = response.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "http://127.0.0.1:9/elsewhere"
    );
}

#[tokio::test]
async fn another_content_type_stands_around_the_same_body() {
    let stack = Stack::open().unwrap();
    let value = "application/json".to_owned();
    let (_, response) = struck(&stack, Fault::on(LOGIN, FaultEffect::ContentType { value })).await;
    let response = response.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(json_of(response).await.unwrap().get("openid").is_some());
}

#[tokio::test]
async fn answers_are_disfigured_as_asked() {
    let stack = Stack::open().unwrap();
    let zero = struck_answer(&stack, FaultEffect::ErrcodeZero).await;
    assert_eq!(
        (&zero["errcode"], &zero["errmsg"]),
        (&json!(0), &json!("ok"))
    );
    assert!(zero.get("openid").is_some());
    let extra = struck_answer(&stack, FaultEffect::ExtraFields).await;
    assert!(
        extra.get("openid").is_some() && extra.as_object().unwrap().len() > 4,
        "{extra}"
    );
    let field = "openid".to_owned();
    let without = struck_answer(&stack, FaultEffect::WithoutField { field }).await;
    assert!(without.get("openid").is_none() && without.get("session_key").is_some());
}

#[tokio::test]
async fn an_errcode_can_be_a_string() {
    let stack = Stack::open().unwrap();
    stack
        .control()
        .inject(Fault::on(LOGIN, FaultEffect::ErrcodeAsString));
    let answer = stack.code2session("0nonsense").await.unwrap();
    assert_eq!(text(&answer, "errcode").unwrap(), "40029");
}

#[tokio::test]
async fn slashes_can_be_escaped_and_mean_the_same() {
    let stack = Stack::open().unwrap();
    let body = FaultEffect::Body {
        body: r#"{"a":"b"}"#.to_owned(),
        status: 200,
        content_type: "text/plain".to_owned(),
    };
    assert_eq!(struck_answer(&stack, body).await, json!({"a": "b"}));
    stack
        .control()
        .inject(Fault::on(Api::Token, FaultEffect::EscapedSlashes));
    let response = stack.get(
        "/cgi-bin/token",
        &[("grant_type", "client_credential"), ("appid", "wx/")],
    );
    let answer = json_of(response.await.unwrap()).await.unwrap();
    assert_eq!(errcode(&answer), Some(41004));
}

#[tokio::test]
async fn a_fault_can_be_one_apps_and_be_taken_back() {
    let stack = Stack::open().unwrap();
    let fault = Fault::on(LOGIN, BUSY).for_app(&stack.other_app.id);
    let id = stack.control().inject(fault);
    let code = stack.alice().unwrap().login().unwrap();
    let other = stack
        .code2session_as(&stack.other_app, &code)
        .await
        .unwrap();
    assert_eq!(errcode(&other), Some(-1));
    assert_eq!(later(&stack, &code).await, None);
    stack.control().remove_fault(id).unwrap();
    let other = stack
        .code2session_as(&stack.other_app, &code)
        .await
        .unwrap();
    assert_eq!(errcode(&other), Some(40029));
}

#[tokio::test]
async fn faults_are_injected_over_http_and_show_in_the_calls() {
    let stack = Stack::open().unwrap();
    let fault = json!({"api": "/cgi-bin/token", "effect": "errcode", "code": 45009, "times": 1});
    stack.post("/sandbox/faults", &[], &fault).await.unwrap();
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), Some(45009));
    assert_eq!(errcode(&stack.plain_token().await.unwrap()), None);
    let calls = stack.control().calls();
    assert_eq!(calls.first().unwrap().faults, ["errcode"]);
    assert_eq!(stack.control().count_of(Api::Token), 2);
}
