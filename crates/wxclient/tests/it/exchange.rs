//! A login code's way, by what WeChat answers.

use domain::id::AppId;
use domain::ports::CodeExchanger as _;
use domain::secret::LoginCode;
use rstest::rstest;
use wxclient::HttpCodeExchanger;

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{CODE, SECRET, SESSION, SESSION_KEY, app, client, exchange, named};

#[rstest]
#[case::plain("content-type: text/plain")]
#[case::json("content-type: application/json; encoding=utf-8")]
#[case::html("content-type: text/html")]
#[case::none("x-nothing: 1")]
#[tokio::test]
async fn a_session_is_read_whatever_the_content_type(#[case] header: &str) {
    let server = Server::start([Act::Answer(answer("200 OK", header, SESSION))]).await;
    let session = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap();
    assert_eq!(session.open_id.as_str(), "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
    assert_eq!(
        session.union_id.unwrap().as_str(),
        "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
    );
    assert_eq!(session.session_key.expose(), SESSION_KEY);
}

#[tokio::test]
async fn the_request_is_the_one_wechat_documents() {
    let server = Server::start([Act::Answer(ok(SESSION))]).await;
    exchange(client(&server.url).build().unwrap())
        .await
        .unwrap();
    let seen = server.seen();
    assert!(
        seen[0].head.starts_with(&format!(
            "GET /sns/jscode2session?appid=wx0123456789abcdef&secret={SECRET}&js_code={CODE}\
             &grant_type=authorization_code HTTP/1.1\r\n"
        )),
        "{seen:?}"
    );
    assert_eq!(seen[0].body, "");
}

#[tokio::test]
async fn a_code_cannot_smuggle_in_parameters() {
    let server = Server::start([Act::Answer(ok(SESSION))]).await;
    let exchanger = HttpCodeExchanger::new(client(&server.url).build().unwrap(), [app()]);
    let code = LoginCode::new("x&appid=wxother\r\n#?");
    exchanger.exchange(&app().app_id, &code).await.unwrap();
    let head = &server.seen()[0].head;
    assert!(
        head.contains("js_code=x%26appid%3Dwxother%0D%0A%23%3F&"),
        "{head}"
    );
}

#[tokio::test]
async fn a_path_in_the_base_url_stands_before_the_api() {
    let server = Server::start([Act::Answer(ok(SESSION))]).await;
    let base = server.url.join("/wechat/").unwrap();
    exchange(client(&base).build().unwrap()).await.unwrap();
    let head = &server.seen()[0].head;
    assert!(
        head.starts_with("GET /wechat/sns/jscode2session?"),
        "{head}"
    );
}

#[tokio::test]
async fn an_empty_unionid_is_none() {
    let body = r#"{"session_key":"k","openid":"o1","unionid":""}"#;
    let server = Server::start([Act::Answer(ok(body))]).await;
    let session = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap();
    assert!(session.union_id.is_none());
}

#[rstest]
#[case::code_invalid(&[40029, 41008], "code_invalid", None)]
#[case::code_used(&[40163], "code_used", None)]
#[case::blocked(&[40226, 50002], "user_blocked", None)]
#[case::per_minute(&[45011], "rate_limited", Some(60))]
#[case::per_day(&[45009], "unavailable", Some(3600))]
#[case::settings(
    &[40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 48001, 50004, 50007, 89501, 89503, 89506, 89507],
    "misconfigured",
    None
)]
#[case::unknown(&[12345, -2, i64::MAX], "bad_answer", None)]
#[tokio::test]
async fn each_errcode_has_its_error_and_is_asked_once(
    #[case] codes: &[i64],
    #[case] name: &str,
    #[case] retry_after: Option<u64>,
) {
    for code in codes {
        let body = format!(r#"{{"errcode":{code},"errmsg":"x, rid: 652d44d0-6f2b9a51-3c1e7d42"}}"#);
        let server = Server::start([Act::Answer(ok(&body))]).await;
        let error = exchange(client(&server.url).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(named(&error), (name, retry_after), "{code}");
        assert_eq!(server.seen().len(), 1, "{code}");
    }
}

#[rstest]
#[case::no_openid(r#"{"session_key":"k"}"#)]
#[case::empty_openid(r#"{"session_key":"k","openid":""}"#)]
#[case::openid_with_a_control_character(r#"{"session_key":"k","openid":"o\u0000"}"#)]
#[case::openid_is_a_number(r#"{"session_key":"k","openid":7}"#)]
#[case::no_session_key(r#"{"openid":"o1"}"#)]
#[case::empty_session_key(r#"{"openid":"o1","session_key":""}"#)]
#[case::bad_unionid(r#"{"openid":"o1","session_key":"k","unionid":"\n"}"#)]
#[case::errcode_0_alone(r#"{"errcode":0,"errmsg":"ok"}"#)]
#[tokio::test]
async fn a_success_without_its_fields_is_a_bad_answer(#[case] body: &str) {
    let server = Server::start([Act::Answer(ok(body))]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("bad_answer", None));
}

#[tokio::test]
async fn an_openid_of_more_than_128_characters_is_a_bad_answer() {
    for (length, good) in [(128, true), (129, false)] {
        let openid = "o".repeat(length);
        let body = format!(r#"{{"session_key":"k","openid":"{openid}"}}"#);
        let server = Server::start([Act::Answer(ok(&body))]).await;
        let result = exchange(client(&server.url).build().unwrap()).await;
        assert_eq!(result.is_ok(), good, "{length}");
    }
}

#[tokio::test]
async fn busy_is_asked_again_twice_and_may_then_succeed() {
    let busy = Act::Answer(ok(r#"{"errcode":-1,"errmsg":"system error"}"#));
    let server = Server::start([busy.clone(), busy, Act::Answer(ok(SESSION))]).await;
    exchange(client(&server.url).build().unwrap())
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn busy_for_good_is_unavailable_after_three_tries() {
    let server = Server::start([Act::Answer(ok(r#"{"errcode":"-1"}"#))]).await;
    let error = exchange(client(&server.url).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("unavailable", Some(5)));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn an_app_without_a_secret_is_a_misconfiguration() {
    let server = Server::start([Act::Answer(ok(SESSION))]).await;
    let exchanger = HttpCodeExchanger::new(client(&server.url).build().unwrap(), [app()]);
    let other = AppId::new("wx02");
    let error = exchanger
        .exchange(&other, &LoginCode::new(CODE))
        .await
        .unwrap_err();
    assert_eq!(named(&error), ("misconfigured", None));
    assert!(server.seen().is_empty());
}

const WRONG_SECRET: &str = r#"{"errcode":40125,"errmsg":"invalid appsecret, rid: 1"}"#;

/// An app that has a new secret beside the old one.
fn app_with_two() -> wxclient::App {
    let mut app = app();
    app.secret = app.secret.or("n".repeat(32));
    app
}

/// The secrets that were presented, in order.
fn presented(server: &Server) -> Vec<&'static str> {
    let is_new = |head: &str| head.contains(&"n".repeat(32));
    let seen = server.seen();
    let names = seen.iter();
    names
        .map(|seen| if is_new(&seen.head) { "new" } else { "old" })
        .collect()
}

#[tokio::test]
async fn the_second_secret_is_tried_once_and_kept_after_a_reset() {
    let server = Server::start([Act::Answer(ok(WRONG_SECRET)), Act::Answer(ok(SESSION))]).await;
    let app = app_with_two();
    let exchanger = HttpCodeExchanger::new(client(&server.url).build().unwrap(), [app.clone()]);
    for _ in 0..2 {
        let code = LoginCode::new(CODE);
        exchanger.exchange(&app.app_id, &code).await.unwrap();
    }
    assert_eq!(presented(&server), ["old", "new", "new"]);
}

#[tokio::test]
async fn two_wrong_secrets_are_one_error_and_not_two_calls_each_time() {
    let server = Server::start([Act::Answer(ok(WRONG_SECRET))]).await;
    let app = app_with_two();
    let wechat = client(&server.url).build().unwrap();
    for _ in 0..3 {
        let code = LoginCode::new(CODE);
        let error = wechat.code2session(&app, &code).await.unwrap_err();
        assert_eq!(error.errcode(), Some(40125));
    }
    assert_eq!(presented(&server), ["old", "new", "new", "new"]);
}

#[tokio::test]
async fn a_token_is_fetched_with_the_second_secret_if_the_first_is_refused() {
    const REFUSED: &str = r#"{"errcode":40001,"errmsg":"invalid credential"}"#;
    const TOKEN: &str = r#"{"access_token":"70_x","expires_in":7200}"#;
    let server = Server::start([Act::Answer(ok(REFUSED)), Act::Answer(ok(TOKEN))]).await;
    let wechat = client(&server.url).build().unwrap();
    let fetched = wechat.stable_token(&app_with_two()).await.unwrap();
    assert_eq!(fetched.token.expose(), "70_x");
    assert!(server.seen()[1].body.contains(&"n".repeat(32)));
}
