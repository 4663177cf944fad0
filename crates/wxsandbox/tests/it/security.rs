//! Signed and encrypted calls, from a client's side.

use std::sync::LazyLock;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Response;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{ApiSecurityConfig, OpenDataOptions};

use crate::stack::{Stack, errcode, json_of};

const AES_SN: &str = "fa05fe1e5bcc79b81ad5ad4b58acf787";
const AES_KEY: [u8; 32] = [7; 32];
const URL_PATH: &str = "https://api.weixin.qq.com/wxa/business/getuserphonenumber";
const NOW: i64 = 1_750_000_000;

/// One key for all tests, because making one takes a while.
static PAIR: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

struct Client {
    stack: Stack,
}

/// What a request is made of, so that a test can spoil one part.
struct Request {
    app_id: String,
    timestamp: String,
    signature: Option<String>,
    body: String,
}

impl Client {
    fn open(required: bool) -> Self {
        let der: PublicKeyX509Der<'_> = PAIR.public_key().as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        let security = ApiSecurityConfig {
            required,
            aes_sn: AES_SN.to_owned(),
            aes_key: STANDARD.encode(AES_KEY).into(),
            public_key_pem: format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"),
            certificate_sn: "79ba700ea147819f640941bceb38b1d1".to_owned(),
        };
        let stack = Stack::with(|config| config.apps[0].api_security = Some(security)).unwrap();
        Self { stack }
    }

    fn code(&self) -> String {
        let phone = self.stack.alice().unwrap();
        phone
            .phone_number(&OpenDataOptions::default())
            .unwrap()
            .code
    }

    fn request(&self, fields: &Value, timestamp: i64) -> Request {
        let app_id = self.stack.app.id.clone();
        let mut whole =
            json!({"_n": "o89QaPVsRu1yppIZzvSZc4", "_appid": app_id, "_timestamp": timestamp});
        whole
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let body = seal(&self.aad(timestamp), &whole.to_string());
        let text = format!("{URL_PATH}\n{app_id}\n{timestamp}\n{body}");
        Request {
            app_id,
            timestamp: timestamp.to_string(),
            signature: Some(sign(&text)),
            body,
        }
    }

    fn aad(&self, timestamp: i64) -> String {
        format!("{URL_PATH}|{}|{timestamp}|{AES_SN}", self.stack.app.id)
    }

    async fn send(&self, request: Request) -> Response {
        let token = self.stack.token().await.unwrap();
        let url = self.stack.url("/wxa/business/getuserphonenumber");
        let mut sending = self
            .stack
            .client
            .post(url)
            .query(&[("access_token", token)])
            .header("Wechatmp-Appid", request.app_id)
            .header("Wechatmp-TimeStamp", request.timestamp)
            .body(request.body);
        if let Some(signature) = request.signature {
            sending = sending.header("Wechatmp-Signature", signature);
        }
        sending.send().await.unwrap()
    }

    async fn refused(&self, request: Request) -> Option<i64> {
        errcode(&json_of(self.send(request).await).await.unwrap())
    }
}

fn sign(text: &str) -> String {
    let mut signature = vec![0; PAIR.public_modulus_len()];
    let rng = SystemRandom::new();
    let signed = PAIR.sign(&RSA_PSS_SHA256, &rng, text.as_bytes(), &mut signature);
    signed.unwrap();
    STANDARD.encode(signature)
}

/// Sealed and opened with another implementation than the sandbox's own.
fn seal(aad: &str, text: &str) -> String {
    let iv = [9; 12];
    let payload = Payload {
        msg: text.as_bytes(),
        aad: aad.as_bytes(),
    };
    let sealed = cipher().encrypt(&iv.into(), payload).unwrap();
    let (data, tag) = sealed.split_at(sealed.len() - 16);
    let [iv, data, tag] = [&iv, data, tag].map(|bytes| STANDARD.encode(bytes));
    json!({"iv": iv, "data": data, "authtag": tag}).to_string()
}

fn open(aad: &str, sealed: &Value) -> Value {
    let decode = |field: &str| STANDARD.decode(sealed[field].as_str().unwrap()).unwrap();
    let iv: [u8; 12] = decode("iv").try_into().unwrap();
    let payload = Payload {
        msg: &[decode("data"), decode("authtag")].concat(),
        aad: aad.as_bytes(),
    };
    let text = cipher().decrypt(&iv.into(), payload).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn cipher() -> Aes256Gcm {
    Aes256Gcm::new(&AES_KEY.into())
}

#[tokio::test]
async fn a_signed_call_is_answered_encrypted_and_signed() {
    let client = Client::open(true);
    let request = client.request(&json!({"code": client.code()}), NOW);
    let response = client.send(request).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (app_id, timestamp) = (header("Wechatmp-Appid"), header("Wechatmp-TimeStamp"));
    let signature = STANDARD.decode(header("Wechatmp-Signature")).unwrap();
    assert_eq!(
        header("Wechatmp-Serial"),
        "79ba700ea147819f640941bceb38b1d1"
    );
    let body = response.text().await.unwrap();
    let pem = client.stack.control().platform_public_key().unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, STANDARD.decode(der).unwrap());
    let text = format!("{URL_PATH}\n{app_id}\n{timestamp}\n{body}");
    public.verify(text.as_bytes(), &signature).unwrap();
    let aad = client.aad(timestamp.parse().unwrap());
    let opened = open(&aad, &serde_json::from_str(&body).unwrap());
    assert_eq!(opened["phone_info"]["purePhoneNumber"], "13800138000");
    assert_eq!(opened["_appid"], app_id.as_str());
}

#[tokio::test]
async fn failures_of_the_call_itself_are_sealed_too() {
    let client = Client::open(true);
    let request = client.request(&json!({"code": "0".repeat(64)}), NOW);
    let sealed = json_of(client.send(request).await).await.unwrap();
    let opened = open(&client.aad(NOW), &sealed);
    assert_eq!(errcode(&opened), Some(40029));
}

#[rstest]
#[case::no_signature(|r: &mut Request| r.signature = None, 40232)]
#[case::other_body(|r: &mut Request| r.body.push(' '), 40234)]
#[case::other_time(|r: &mut Request| r.timestamp = "1750000001".to_owned(), 40234)]
#[case::unknown_app(|r: &mut Request| r.app_id = "wxffffffffffffffff".to_owned(), 40236)]
#[case::late(|r: &mut Request| r.timestamp = "1749999699".to_owned(), 40240)]
#[tokio::test]
async fn a_spoilt_request_is_refused_in_clear(
    #[case] spoil: fn(&mut Request),
    #[case] expected: i64,
) {
    let client = Client::open(true);
    let mut request = client.request(&json!({"code": client.code()}), NOW);
    spoil(&mut request);
    assert_eq!(client.refused(request).await, Some(expected));
}

#[tokio::test]
async fn another_apps_name_does_not_go_with_the_token() {
    let client = Client::open(true);
    let mut request = client.request(&json!({"code": client.code()}), NOW);
    request.app_id.clone_from(&client.stack.other_app.id);
    assert_eq!(client.refused(request).await, Some(40237));
}

#[tokio::test]
async fn a_signed_body_that_does_not_open_is_named() {
    let client = Client::open(true);
    let mut request = client.request(&json!({"code": client.code()}), NOW);
    request.body = r#"{"iv":"AAAA","data":"AAAA","authtag":"AAAA"}"#.to_owned();
    let text = format!("{URL_PATH}\n{}\n{NOW}\n{}", request.app_id, request.body);
    request.signature = Some(sign(&text));
    assert_eq!(client.refused(request).await, Some(40235));
}

#[rstest]
#[case::required(true, Some(40232))]
#[case::accepted(false, Some(0))]
#[tokio::test]
async fn a_call_in_clear_is_refused_where_signing_is_required(
    #[case] required: bool,
    #[case] expected: Option<i64>,
) {
    let client = Client::open(required);
    let token = client.stack.token().await.unwrap();
    let body = json!({"code": client.code()});
    let path = "/wxa/business/getuserphonenumber";
    let query = [("access_token", token.as_str())];
    let answer = client.stack.post(path, &query, &body).await.unwrap();
    assert_eq!(errcode(&answer), expected);
}

#[tokio::test]
async fn logins_are_not_covered_and_work_as_ever() {
    let client = Client::open(true);
    assert!(client.stack.session("alice").await.is_ok());
}
