//! Messages as WeChat pushes them: signed, sealed, in JSON and in XML.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::push_stack::{
    AES_KEY, plain, plain_stack, post, sealed, sealed_in, signed_in, stack, taken,
};
use crate::stack::{Store, soon};
use crate::wechat_service::LoggedService;

#[rstest]
#[case::as_sent("")]
#[case::without_its_kind("encrypt_type=aes&")]
#[tokio::test]
async fn a_sealed_message_is_taken_once_its_signature_holds(#[case] lost: &str) {
    let stack = stack(Store::Sqlite).await;
    let (query, body) = sealed(&stack.app_id(0), AES_KEY, "{}");
    let query = query.replace(lost, "");
    taken(&post(&stack, &query, body.clone()).await);
    for (value, other) in [
        ("msg_signature=", "msg_signature=0"),
        ("nonce=1", "nonce=2"),
    ] {
        let forged = query.replace(value, other);
        post(&stack, &forged, body.clone())
            .await
            .refused(403, "forbidden");
    }
}

#[rstest]
#[case::just_in_time(-290, true)]
#[case::ahead(290, true)]
#[case::too_old(-310, false)]
#[case::years_ago(-100_000_000, false)]
#[case::from_the_future(310, false)]
#[tokio::test]
async fn a_message_of_another_time_is_refused(#[case] seconds: i64, #[case] is_taken: bool) {
    let (safe, plain) = (stack(Store::Sqlite).await, plain_stack(Store::Sqlite).await);
    let (query, body) = sealed_in(seconds, &safe.app_id(0), AES_KEY, "{}");
    for answer in [
        post(&safe, &query, body).await,
        post(&plain, &signed_in(seconds), "{}").await,
    ] {
        if is_taken {
            taken(&answer);
        } else {
            answer.refused(403, "forbidden");
        }
    }
}

#[tokio::test]
async fn a_good_query_signs_no_message_in_clear_where_messages_are_sealed() {
    let stack = stack(Store::Sqlite).await;
    let (query, _) = sealed(&stack.app_id(0), AES_KEY, "{}");
    let event = r#"{"Event":"user_authorization_cancellation","OpenID":"o1"}"#;
    for query in [
        query.as_str(),
        &query.replace("encrypt_type=aes&", ""),
        &signed_in(0),
    ] {
        for body in [event, "{}", "<xml><Event>x</Event></xml>", "", "garbage"] {
            post(&stack, query, body).await.refused(403, "forbidden");
        }
    }
}

#[rstest]
#[case(&b"{\"Content\":\"a\xff\x07b\"}"[..])]
#[case(b"{\"Content\":\"a\\ud83d\"}")]
#[case(b"<xml><Content>a\xff\x07&#xD83D;</Content></xml>")]
#[tokio::test]
async fn a_message_with_bytes_that_are_no_text_is_read(#[case] message: &'static [u8]) {
    let stack = plain_stack(Store::Sqlite).await;
    taken(&plain(&stack, message).await);
}

#[rstest]
#[case(r#"{"MsgType":"text","Content":"hello","FromUserName":"o1"}"#)]
#[case(r#"{"MsgType":"event","Event":"user_enter_tempsession","FromUserName":"o1"}"#)]
#[case("<xml><MsgType><![CDATA[text]]></MsgType></xml>")]
#[case("{}")]
#[tokio::test]
async fn what_concerns_no_users_data_is_acknowledged(#[case] message: &str) {
    taken(&plain(&plain_stack(Store::Sqlite).await, message.to_owned()).await);
    let stack = stack(Store::Sqlite).await;
    let (query, body) = sealed(&stack.app_id(0), AES_KEY, message);
    taken(&post(&stack, &query, body).await);
}

#[rstest]
#[case("")]
#[case("{")]
#[case("[]")]
#[case("success")]
#[case("<xml><Event>x</Event>")]
#[case("<!DOCTYPE x [<!ENTITY a \"a\">]><xml><A>&a;</A></xml>")]
#[tokio::test]
async fn what_is_signed_and_no_message_is_a_400(#[case] message: &str) {
    let open = plain_stack(Store::Sqlite).await;
    let answer = plain(&open, message.to_owned()).await;
    answer.refused(400, "invalid_request");
    let stack = stack(Store::Sqlite).await;
    let (query, body) = sealed(&stack.app_id(0), AES_KEY, message);
    let answer = post(&stack, &query, body).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test]
async fn a_sealed_message_for_another_app_or_under_another_key_is_refused() {
    let stack = stack(Store::Sqlite).await;
    let (query, body) = sealed("wx0000000000000000", AES_KEY, "{}");
    post(&stack, &query, body).await.refused(403, "forbidden");
    let (query, body) = sealed(&stack.app_id(0), &"B".repeat(43), "{}");
    let answer = post(&stack, &query, body).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test]
async fn the_ciphertext_must_be_the_signed_one() {
    let stack = stack(Store::Sqlite).await;
    let (query, _) = sealed(&stack.app_id(0), AES_KEY, "{}");
    let (_, body) = sealed(&stack.app_id(0), AES_KEY, "{ }");
    post(&stack, &query, body).await.refused(403, "forbidden");
}

#[tokio::test]
async fn without_an_aes_key_a_sealed_message_is_not_waved_through() {
    let stack = plain_stack(Store::Sqlite).await;
    let (query, body) = sealed(&stack.app_id(0), AES_KEY, "{}");
    let answer = post(&stack, &query, body.clone()).await;
    answer.refused(400, "invalid_request");
    let strangers = "encrypt_type=aes&msg_signature=x&signature=x";
    post(&stack, strangers, body)
        .await
        .refused(403, "forbidden");
}

#[tokio::test]
async fn what_is_refused_or_deletes_nothing_leaves_a_warning_in_the_log() {
    let apps = format!(
        r#"[{{"app_id":"wx01","secret":"{}","push_token":"AAAAA"}}]"#,
        "0".repeat(32)
    );
    let service = LoggedService::start(&[("WXLOGIN_APPS", &apps)]);
    let without_user = json!({ "Event": "user_authorization_cancellation" });
    let unknown = json!({ "Event": "user_authorization_cancellation", "OpenID": "o1" });
    let nothing = json!({ "Event": "user_authorization_revoke", "OpenID": "o1" });
    let (good, old) = (signed_in(0), signed_in(-1_000));
    for (method, query, body, said) in [
        (
            Method::GET,
            "signature=x&timestamp=1&nonce=2&echostr=3",
            None,
            "push token",
        ),
        (
            Method::POST,
            "signature=x&timestamp=1&nonce=2",
            Some(&without_user),
            "push token",
        ),
        (Method::POST, &old, Some(&without_user), "five minutes"),
        (
            Method::POST,
            &good,
            Some(&json!({ "Encrypt": "x" })),
            "push_aes_key",
        ),
        (Method::POST, &good, Some(&json!("x")), "neither"),
        (Method::POST, &good, Some(&without_user), "has no user"),
        (Method::POST, &good, Some(&unknown), "not known here"),
        (Method::POST, &good, Some(&nothing), "no RevokeInfo"),
    ] {
        let path = format!("/wechat/events/wx01?{query}");
        let answer = service.call(method, &path, "-", body).await;
        soon(said, || async {
            let lines = service.log_of(&answer);
            let warns = |line: &Value| line["level"] == "WARN" && line.to_string().contains(said);
            lines.iter().any(warns).then_some(())
        })
        .await;
    }
}
