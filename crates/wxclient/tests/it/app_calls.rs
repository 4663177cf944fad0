//! The calls that need an access_token.

use domain::id::OpenId;
use domain::secret::{PhoneCode, SessionKey};
use domain::time::Timestamp;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use wxclient::app_client::{EncryptedMessage, PaidOrder};
use wxclient::catalogue::WechatFailure;

use crate::server::{Act, Seen, Server};
use crate::wechat::{app_client, json, token};

/// What HMAC-SHA256 gives for the key below and no message.
const SIGNATURE: &str = "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128";

fn session_key() -> SessionKey {
    SessionKey::new("o0q0otL8aEzpcZL/FT9WsQ==")
}

fn open_id() -> OpenId {
    OpenId::new("oGZUI0egBJY1zhBYw2KhdUfwVJJE")
}

/// A WeChat that gives the token `T` and then this answer.
async fn wechat(answer: Act) -> Server {
    Server::start([token("T", 7200), answer]).await
}

/// The call's request.
fn request(server: &Server) -> Seen {
    server.seen().remove(1)
}

fn phone_info(country_code: &str, number: &str, appid: &str) -> String {
    format!(
        r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":"+{number}","purePhoneNumber":"{number}","countryCode":{country_code},"watermark":{{"timestamp":1637744274,"appid":"{appid}"}}}}}}"#
    )
}

fn code() -> PhoneCode {
    PhoneCode::new("c0de")
}

#[rstest]
#[case::text(r#""86""#, "86")]
#[case::number("86", "86")]
#[case::abroad(r#""852""#, "852")]
#[case::with_plus_and_spaces(r#"" +86 ""#, "+86")]
#[case::empty(r#""""#, "")]
#[case::null("null", "")]
#[tokio::test]
async fn a_phone_number_is_read_with_its_country(
    #[case] written: &str,
    #[case] country_code: &str,
) {
    let answer = phone_info(written, "13580006666", "wx0123456789abcdef");
    let server = wechat(json(&answer)).await;
    let app = app_client(&server.url);
    let grant = app.phone_number(&code(), &open_id()).await.unwrap();
    assert_eq!(grant.country_code, country_code);
    assert_eq!(grant.pure_phone_number, "13580006666");
    let request = request(&server);
    let expected = "POST /wxa/business/getuserphonenumber?access_token=T HTTP";
    assert!(request.head.starts_with(expected), "{request:?}");
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"code": "c0de", "openid": "oGZUI0egBJY1zhBYw2KhdUfwVJJE"})
    );
}

/// The code is spent, so whatever says which number it is must be enough.
#[tokio::test]
async fn a_number_without_its_pure_form_is_read_all_the_same() {
    let answer = phone_info("86", "13580006666", "wx0123456789abcdef");
    let answer = answer.replace(r#""purePhoneNumber":"13580006666","#, "");
    let server = wechat(json(&answer)).await;
    let app = app_client(&server.url);
    let grant = app.phone_number(&code(), &open_id()).await.unwrap();
    assert_eq!(grant.pure_phone_number, "+13580006666");
}

#[rstest]
#[case::other_app(phone_info("86", "13580006666", "wx02"))]
#[case::no_number(phone_info("86", "", "wx0123456789abcdef"))]
#[case::a_number_that_is_null(phone_info("86", "13580006666", "wx0123456789abcdef").replace("\"13580006666\"", "null").replace("\"+13580006666\"", "{}"))]
#[case::no_phone_info(r#"{"errcode":0}"#.to_owned())]
#[tokio::test]
async fn a_phone_number_that_is_none_is_a_bad_answer(#[case] answer: String) {
    let server = wechat(json(&answer)).await;
    let app = app_client(&server.url);
    let error = app.phone_number(&code(), &open_id()).await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::BadAnswer);
    assert!(!format!("{error} {error:?}").contains("135800"));
}

#[rstest]
#[case::invalid(40029, WechatFailure::PhoneCodeInvalid)]
#[case::used(40163, WechatFailure::PhoneCodeInvalid)]
#[case::other_app(40013, WechatFailure::PhoneCodeInvalid)]
#[case::other_user(40003, WechatFailure::PhoneCodeInvalid)]
#[case::often(45011, WechatFailure::RateLimited)]
#[case::not_allowed(48001, WechatFailure::Misconfigured)]
#[tokio::test]
async fn a_phone_code_that_is_refused_says_why(
    #[case] errcode: i64,
    #[case] failure: WechatFailure,
) {
    let server = wechat(json(&format!(r#"{{"errcode":{errcode}}}"#))).await;
    let app = app_client(&server.url);
    let error = app.phone_number(&code(), &open_id()).await.unwrap_err();
    assert_eq!(error.failure(), failure);
}

#[tokio::test]
async fn a_phone_code_whose_answer_was_lost_is_not_sent_again() {
    let server = wechat(Act::Close).await;
    let app = app_client(&server.url);
    let error = app.phone_number(&code(), &open_id()).await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::BadAnswer);
    assert_eq!(server.seen().len(), 2);
}

#[rstest]
#[case::current(r#"{"errcode":0,"errmsg":"ok"}"#, true)]
#[case::replaced(r#"{"errcode":87009,"errmsg":"invalid signature"}"#, false)]
#[case::expired(r#"{"errcode":87007}"#, false)]
#[tokio::test]
async fn a_session_key_is_checked(#[case] answer: &str, #[case] valid: bool) {
    let server = wechat(json(answer)).await;
    let app = app_client(&server.url);
    let checked = app.check_session(&open_id(), &session_key()).await;
    assert_eq!(checked.unwrap(), valid);
    let head = request(&server).head;
    assert!(
        head.starts_with(&format!(
            "GET /wxa/checksession?access_token=T&openid=oGZUI0egBJY1zhBYw2KhdUfwVJJE\
             &signature={SIGNATURE}&sig_method=hmac_sha256 HTTP"
        )),
        "{head}"
    );
}

#[tokio::test]
async fn an_object_without_an_errcode_is_no_word_on_a_session_key() {
    let server = wechat(json(r#"{"hello":"wifi"}"#)).await;
    let app = app_client(&server.url);
    let error = app
        .check_session(&open_id(), &session_key())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), WechatFailure::BadAnswer);
}

#[tokio::test]
async fn a_session_key_is_replaced() {
    let answer = r#"{"errcode":0,"errmsg":"ok","openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"bmV3"}"#;
    let server = wechat(json(answer)).await;
    let app = app_client(&server.url);
    let key = app.reset_session(&open_id(), &session_key()).await.unwrap();
    assert_eq!(key.expose(), "bmV3");
    let head = request(&server).head;
    assert!(
        head.starts_with("GET /wxa/resetusersessionkey?access_token=T&openid="),
        "{head}"
    );
}

#[rstest]
#[case::stale(r#"{"errcode":87009}"#, WechatFailure::SessionKeyStale)]
#[case::other_user(r#"{"openid":"o2","session_key":"bmV3"}"#, WechatFailure::BadAnswer)]
#[case::no_key(
    r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":""}"#,
    WechatFailure::BadAnswer
)]
#[tokio::test]
async fn a_session_key_that_is_not_replaced_says_why(
    #[case] body: &str,
    #[case] failure: WechatFailure,
) {
    let server = wechat(json(body)).await;
    let app = app_client(&server.url);
    let error = app
        .reset_session(&open_id(), &session_key())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), failure);
}

fn made_at(second: Option<i64>) -> EncryptedMessage {
    let created_at = second.map(|second| Timestamp::from_second(second).unwrap());
    EncryptedMessage { created_at }
}

#[rstest]
#[case::genuine(
    r#"{"errcode":0,"errmsg":"ok","vaild":true,"create_time":1629121902}"#,
    Some(made_at(Some(1_629_121_902)))
)]
#[case::without_a_time(r#"{"errcode":0,"vaild":true,"create_time":0}"#, Some(made_at(None)))]
#[case::not_genuine(r#"{"errcode":0,"vaild":false,"create_time":0}"#, None)]
#[case::unknown(r#"{"errcode":1,"errmsg":"data does not exist"}"#, None)]
#[tokio::test]
async fn a_ciphertext_is_checked(#[case] answer: &str, #[case] expected: Option<EncryptedMessage>) {
    let server = wechat(json(answer)).await;
    let app = app_client(&server.url);
    let checked = app.check_encrypted_message("abc").await.unwrap();
    assert_eq!(checked, expected);
    assert_eq!(
        request(&server).body,
        r#"{"encrypted_msg_hash":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#
    );
}

#[rstest]
#[case::transaction(PaidOrder::Transaction("4200".to_owned()), "transaction_id=4200")]
#[case::merchant(
    PaidOrder::Merchant { mch_id: "19".to_owned(), out_trade_no: "7 8".to_owned() },
    "mch_id=19&out_trade_no=7+8"
)]
#[tokio::test]
async fn a_payer_has_a_unionid(#[case] order: PaidOrder, #[case] query: &str) {
    let server = wechat(json(r#"{"unionid":"u1","errcode":0,"errmsg":"ok"}"#)).await;
    let app = app_client(&server.url);
    let union_id = app.paid_union_id(&open_id(), &order).await.unwrap();
    assert_eq!(union_id.as_str(), "u1");
    let head = request(&server).head;
    let expected = format!(
        "GET /wxa/getpaidunionid?access_token=T&openid=oGZUI0egBJY1zhBYw2KhdUfwVJJE&{query} HTTP"
    );
    assert!(head.starts_with(&expected), "{head}");
}

#[tokio::test]
async fn a_plugins_code_becomes_an_openpid() {
    let server = wechat(json(r#"{"openpid":"p1"}"#)).await;
    let app = app_client(&server.url);
    assert_eq!(app.plugin_open_pid("c0de").await.unwrap(), "p1");
    let request = request(&server);
    assert!(
        request
            .head
            .starts_with("POST /wxa/getpluginopenpid?access_token=T HTTP")
    );
    assert_eq!(request.body, r#"{"code":"c0de"}"#);
}

#[tokio::test]
async fn a_users_encryption_keys_are_read() {
    let answer = r#"{"errcode":0,"errmsg":"ok","key_info_list":[{"encrypt_key":"VI6BpyrK9XH4i4AIGe86tg==","version":10,"expire_in":3597,"iv":"6003f73ec441c386","create_time":1616572301}]}"#;
    let server = wechat(json(answer)).await;
    let app = app_client(&server.url);
    let keys = app
        .user_encrypt_keys(&open_id(), &session_key())
        .await
        .unwrap();
    let [key] = keys.as_slice() else {
        panic!("{keys:?}")
    };
    assert_eq!(key.encrypt_key.expose_secret(), "VI6BpyrK9XH4i4AIGe86tg==");
    assert_eq!(key.iv.expose_secret(), "6003f73ec441c386");
    assert_eq!((key.version, key.expires_in.as_secs()), (10, 3597));
    assert!(!format!("{keys:?}").contains("VI6B"));
    let head = request(&server).head.to_lowercase();
    assert!(
        head.starts_with("post /wxa/business/getuserencryptkey?access_token=t&openid="),
        "{head}"
    );
    assert!(head.contains("content-length: 0"), "{head}");
}
