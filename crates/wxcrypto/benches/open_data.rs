//! What open data and pushed messages cost to open, to check and to seal.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use divan::counter::BytesCount;
use divan::{Bencher, Divan};
use sha1::{Digest, Sha1};
use wxcrypto::push::{EncodingAesKey, PushToken, SafeMode, SealedMessage};
use wxcrypto::{AppId, EncryptedData, Expected, OpenId, SessionKey, SignedRawData};

const APP_ID: &str = "wx4f4bc4dec97d474b";
const OPEN_ID: &str = "oGZUI0egBJY1zhBYw2KhdUfwVJJE";
const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const PUSHED: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
const TIME: i64 = 1_714_112_445;
const NONCE: &str = "415670741";

fn main() {
    // One time alone would be that of cold caches.
    let defaults = Divan::default().sample_size(100);
    defaults.config_with_args().main();
}

/// Decrypts encryptedData and checks what is in it. A usual profile has some 340 bytes.
#[divan::bench(args = [340, 1024])]
fn open_encrypted_data(bencher: Bencher, bytes: usize) {
    let data = encrypted(&user_info(bytes));
    let (session_key, app_id, open_id) = (
        SessionKey::new(SESSION_KEY),
        AppId::new(APP_ID),
        OpenId::new(OPEN_ID),
    );
    let expected = Expected {
        session_key: &session_key,
        app_id: &app_id,
        open_id: &open_id,
        not_before: None,
    };
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| wxcrypto::open(&data, &expected).unwrap());
}

/// Checks the signature of rawData and reads the profile in it.
#[divan::bench]
fn verify_raw_data(bencher: Bencher) {
    let data = signed(profile(&avatar(132)));
    let session_key = SessionKey::new(SESSION_KEY);
    bencher
        .counter(BytesCount::of_slice(&data.raw_data))
        .bench_local(|| wxcrypto::verify_raw_data(&data, &session_key).unwrap());
}

#[divan::bench]
fn open_pushed_message(bencher: Bencher) {
    let safe_mode = safe_mode();
    let sealed = safe_mode.seal(PUSHED, [7; 16], TIME, NONCE).unwrap();
    let timestamp = TIME.to_string();
    let message = SealedMessage {
        msg_signature: &sealed.msg_signature,
        timestamp: &timestamp,
        nonce: NONCE,
        encrypt: &sealed.encrypt,
    };
    bencher
        .counter(BytesCount::of_str(PUSHED))
        .bench_local(|| safe_mode.open(&message).unwrap());
}

#[divan::bench]
fn seal_pushed_message(bencher: Bencher) {
    let safe_mode = safe_mode();
    bencher
        .counter(BytesCount::of_str(PUSHED))
        .bench_local(|| safe_mode.seal(PUSHED, [7; 16], TIME, NONCE).unwrap());
}

/// Encrypts as WeChat does.
fn encrypted(plain: &str) -> EncryptedData {
    let (key, iv) = (STANDARD.decode(SESSION_KEY).unwrap(), [7; 16]);
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(&key, &iv).unwrap();
    EncryptedData {
        encrypted_data: STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes())),
        iv: STANDARD.encode(iv),
    }
}

/// Signs as WeChat does.
fn signed(raw_data: String) -> SignedRawData {
    let digest = Sha1::digest(format!("{raw_data}{SESSION_KEY}"));
    SignedRawData {
        raw_data: raw_data.into_bytes(),
        signature: hex::encode(digest),
    }
}

/// The payload of wx.getUserInfo, with an avatar that brings it to so many bytes.
fn user_info(bytes: usize) -> String {
    let with = |avatar: &str| {
        let profile = profile(avatar);
        let members = profile.trim_start_matches('{').trim_end_matches('}');
        format!(
            r#"{{"openId":"{OPEN_ID}",{members},"watermark":{{"timestamp":{TIME},"appid":"{APP_ID}"}}}}"#
        )
    };
    with(&avatar(bytes - with("").len()))
}

fn profile(avatar: &str) -> String {
    format!(
        r#"{{"nickName":"小明","gender":0,"language":"zh_CN","city":"","province":"","country":"","avatarUrl":"{avatar}"}}"#
    )
}

/// A URL of so many bytes.
fn avatar(bytes: usize) -> String {
    let host = "https://thirdwx.qlogo.cn/mmopen/vi_32/";
    let path = "A".repeat(bytes - host.len());
    format!("{host}{path}")
}

fn safe_mode() -> SafeMode {
    SafeMode {
        token: PushToken::new("AAAAA"),
        key: EncodingAesKey::parse(&"A".repeat(43)).unwrap(),
        app_id: AppId::new(APP_ID),
    }
}
