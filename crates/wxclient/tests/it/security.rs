//! API signing and encryption against a WeChat with keys of its own.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::testing::FixedClock;
use domain::time::Timestamp;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;
use wxclient::AppClient;
use wxclient::catalogue::WechatFailure;
use wxclient::security::{ApiSecurity, ApiSecurityKeys, KeyError};

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{app, client, token};

const URLPATH: &str = "https://api.weixin.qq.com/wxa/getpluginopenpid";
const APPID: &str = "wx0123456789abcdef";
const NOW: i64 = 1_700_000_000;
const SYMMETRIC: [u8; 32] = [7; 32];

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(Timestamp::from_second(NOW).unwrap()))
}

/// Both sides' RSA keys.
struct Keys {
    ours: KeyPair,
    wechats: KeyPair,
}

impl Keys {
    fn new() -> Self {
        let key = || KeyPair::generate(KeySize::Rsa2048).unwrap();
        Self {
            ours: key(),
            wechats: key(),
        }
    }

    fn configured(&self) -> ApiSecurityKeys {
        ApiSecurityKeys {
            symmetric_key: STANDARD.encode(SYMMETRIC).into(),
            symmetric_key_serial: "sym1".to_owned(),
            private_key: pem("PRIVATE KEY", self.ours.as_der().unwrap().as_ref()).into(),
            private_key_serial: "rsa1".to_owned(),
            platform_certificate: pem(
                "PUBLIC KEY",
                self.wechats.public_key().as_der().unwrap().as_ref(),
            ),
            platform_certificate_serial: "plat1".to_owned(),
        }
    }

    fn app(&self, url: &Url) -> AppClient {
        let security = ApiSecurity::new(app().app_id, &self.configured(), clock());
        AppClient::new(client(url).build().unwrap(), app()).secured(security.unwrap())
    }

    /// An answer as WeChat seals it at `time`.
    fn sealed(&self, time: i64, plain: &Value, header: &str) -> String {
        let iv = [9; 12];
        let mut data = plain.to_string().into_bytes();
        let aad = Aad::from(format!("{URLPATH}|{APPID}|{time}|sym1"));
        let tag = symmetric()
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), aad, &mut data)
            .unwrap();
        let body = json!({
            "iv": STANDARD.encode(iv),
            "data": STANDARD.encode(data),
            "authtag": STANDARD.encode(tag),
        })
        .to_string();
        let text = format!("{URLPATH}\n{APPID}\n{time}\n{body}");
        let mut signature = vec![0; self.wechats.public_modulus_len()];
        self.wechats
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .unwrap();
        let header = header.replace("SIGNATURE", &STANDARD.encode(signature));
        let head = format!("Wechatmp-Appid: {APPID}\r\nWechatmp-TimeStamp: {time}\r\n{header}");
        answer("200 OK", &head, &body)
    }
}

const SIGNED: &str = "Wechatmp-Serial: plat1\r\nWechatmp-Signature: SIGNATURE";

fn symmetric() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &SYMMETRIC).unwrap())
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn plain() -> Value {
    json!({"_n": "n", "_appid": APPID, "_timestamp": NOW, "errcode": 0, "openpid": "p1"})
}

async fn wechat(answer: String) -> Server {
    Server::start([token("T", 7200), Act::Answer(answer)]).await
}

#[tokio::test]
async fn a_call_is_encrypted_and_signed_as_wechat_documents() {
    let keys = Keys::new();
    let server = wechat(keys.sealed(NOW, &plain(), SIGNED)).await;
    let openpid = keys.app(&server.url).plugin_open_pid("c0de").await.unwrap();
    assert_eq!(openpid, "p1");

    let seen = server.seen().remove(1);
    assert!(
        seen.head
            .starts_with("POST /wxa/getpluginopenpid?access_token=T HTTP"),
        "{seen:?}"
    );
    let header = |name: &str| {
        let mut lines = seen.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .unwrap_or_else(|| panic!("{name} in {}", seen.head))
            .1
            .to_owned()
    };
    assert_eq!(header("Wechatmp-Appid"), APPID);
    assert_eq!(header("Wechatmp-TimeStamp"), NOW.to_string());
    assert_eq!(header("Wechatmp-Serial"), "rsa1");
    let text = format!("{URLPATH}\n{APPID}\n{NOW}\n{}", seen.body);
    let public_key = keys.ours.public_key().as_der().unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public_key.as_ref())
        .verify(
            text.as_bytes(),
            &STANDARD.decode(header("Wechatmp-Signature")).unwrap(),
        )
        .unwrap();

    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let field = |name: &str| STANDARD.decode(body[name].as_str().unwrap()).unwrap();
    let mut data = field("data");
    data.extend(field("authtag"));
    let nonce = Nonce::try_assume_unique_for_key(&field("iv")).unwrap();
    let aad = Aad::from(format!("{URLPATH}|{APPID}|{NOW}|sym1"));
    let opened = symmetric().open_in_place(nonce, aad, &mut data).unwrap();
    let opened: Value = serde_json::from_slice(opened).unwrap();
    assert_eq!(opened["code"], "c0de");
    assert_eq!(opened["_appid"], APPID);
    assert_eq!(opened["_timestamp"], NOW);
    assert_eq!(
        STANDARD
            .decode(opened["_n"].as_str().unwrap().to_owned() + "==")
            .unwrap()
            .len(),
        16
    );
}

#[tokio::test]
async fn an_errcode_under_seal_is_an_errcode() {
    let keys = Keys::new();
    let refused = json!({"_n": "n", "_appid": APPID, "_timestamp": NOW, "errcode": 1007});
    let server = wechat(keys.sealed(NOW, &refused, SIGNED)).await;
    let error = keys
        .app(&server.url)
        .plugin_open_pid("c0de")
        .await
        .unwrap_err();
    assert_eq!(error.errcode(), Some(1007));
}

#[tokio::test]
async fn a_gateways_errcode_may_come_in_clear() {
    let server = wechat(ok(r#"{"errcode":40234,"errmsg":"invalid signature"}"#)).await;
    let error = Keys::new()
        .app(&server.url)
        .plugin_open_pid("c0de")
        .await
        .unwrap_err();
    assert_eq!(error.errcode(), Some(40234));
    assert_eq!(error.failure(), WechatFailure::Misconfigured);
}

#[tokio::test]
async fn during_a_change_of_certificates_either_is_believed() {
    let keys = Keys::new();
    let header = "Wechatmp-Serial: plat2\r\nWechatmp-Signature: xxxx\r\n\
                  Wechatmp-Serial-Deprecated: plat1\r\nWechatmp-Signature-Deprecated: SIGNATURE";
    let server = wechat(keys.sealed(NOW, &plain(), header)).await;
    let openpid = keys.app(&server.url).plugin_open_pid("c0de").await.unwrap();
    assert_eq!(openpid, "p1");
}

#[tokio::test]
async fn an_answer_that_cannot_be_wechats_is_refused() {
    let keys = Keys::new();
    let other = Keys::new();
    let foreign = json!({"_n": "n", "_appid": "wx02", "_timestamp": NOW, "openpid": "p1"});
    let old = json!({"_n": "n", "_appid": APPID, "_timestamp": NOW - 301, "openpid": "p1"});
    let good = || keys.sealed(NOW, &plain(), SIGNED);
    for (why, answer) in [
        ("in clear", ok(r#"{"openpid":"p1"}"#)),
        ("another key", other.sealed(NOW, &plain(), SIGNED)),
        ("another certificate", good().replace("plat1", "plat3")),
        ("too old", keys.sealed(NOW - 301, &plain(), SIGNED)),
        ("of the future", keys.sealed(NOW + 301, &plain(), SIGNED)),
        ("foreign inside", keys.sealed(NOW, &foreign, SIGNED)),
        ("old inside", keys.sealed(NOW, &old, SIGNED)),
        (
            "foreign outside",
            good().replace(APPID, "wx0000000000000000"),
        ),
        (
            "not base64",
            keys.sealed(NOW, &plain(), &SIGNED.replace("SIGNATURE", "%")),
        ),
    ] {
        let server = wechat(answer).await;
        let error = keys
            .app(&server.url)
            .plugin_open_pid("c0de")
            .await
            .unwrap_err();
        assert_eq!(error.failure(), WechatFailure::BadAnswer, "{why}");
    }
}

#[rstest]
#[case::symmetric(|keys: &mut ApiSecurityKeys| keys.symmetric_key = "AAAA".into(), KeyError::Symmetric)]
#[case::private(|keys: &mut ApiSecurityKeys| keys.private_key = "x".into(), KeyError::Private)]
#[case::platform(|keys: &mut ApiSecurityKeys| keys.platform_certificate = "x".into(), KeyError::Platform)]
fn a_key_that_cannot_be_used_is_named(
    #[case] spoil: fn(&mut ApiSecurityKeys),
    #[case] error: KeyError,
) {
    let mut keys = Keys::new().configured();
    spoil(&mut keys);
    let refused = ApiSecurity::new(app().app_id, &keys, clock()).unwrap_err();
    assert_eq!(refused, error);
}
