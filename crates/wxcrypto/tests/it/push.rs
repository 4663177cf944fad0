//! Message push, with the examples of WeChat's documents.

use rstest::rstest;
use wxcrypto::AppId;
use wxcrypto::push::{EncodingAesKey, PushError, PushToken, SafeMode, SealedMessage};

const ENCRYPT: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
const MESSAGE: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
const OFFICIAL: SealedMessage<'_> = SealedMessage {
    msg_signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    timestamp: "1714112445",
    nonce: "415670741",
    encrypt: ENCRYPT,
};

fn safe_mode() -> SafeMode {
    SafeMode {
        token: PushToken::new("AAAAA"),
        key: EncodingAesKey::parse(&"A".repeat(43)).unwrap(),
        app_id: AppId::new("wxba5fad812f8e6fb9"),
    }
}

#[rstest]
#[case("f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036504", "1514711492")]
#[case("899cf89e464efb63f54ddac96b0a0a235f53aa78", "1714037059", "486452656")]
fn the_official_verifications_hold(
    #[case] signature: &str,
    #[case] timestamp: &str,
    #[case] nonce: &str,
) {
    let token = PushToken::new("AAAAA");
    assert_eq!(token.verify(signature, timestamp, nonce), Ok(()));
    assert_eq!(
        token.verify(signature, timestamp, "1"),
        Err(PushError::BadSignature)
    );
    let other = PushToken::new("AAAAB");
    assert_eq!(
        other.verify(signature, timestamp, nonce),
        Err(PushError::BadSignature)
    );
}

#[test]
fn the_official_message_opens() {
    assert_eq!(
        safe_mode().open(&OFFICIAL).as_deref(),
        Ok(MESSAGE.as_bytes())
    );
}

#[test]
fn the_official_reply_is_sealed_byte_for_byte() {
    let reply = safe_mode()
        .seal(
            r#"{"demo_resp":"good luck"}"#,
            *b"707722b803182950",
            1_713_424_427,
            "415670741",
        )
        .unwrap();
    assert_eq!(
        serde_json::to_string(&reply).unwrap(),
        r#"{"Encrypt":"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==","MsgSignature":"1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1","TimeStamp":1713424427,"Nonce":"415670741"}"#
    );
}

#[test]
fn the_official_message_is_sealed_byte_for_byte() {
    let sealed = safe_mode()
        .seal(MESSAGE, *b"a8eedb185eb2fecf", 1_714_112_445, "415670741")
        .unwrap();
    assert_eq!(sealed.encrypt, OFFICIAL.encrypt);
    assert_eq!(sealed.msg_signature, OFFICIAL.msg_signature);
}

/// Seals `text` for `app_id` and opens it as [`safe_mode`].
fn open_of(app_id: &str, text: &str) -> Result<Vec<u8>, PushError> {
    let sender = SafeMode {
        app_id: AppId::new(app_id),
        ..safe_mode()
    };
    let sealed = sender.seal(text, [3; 16], 17, "nonce").unwrap();
    safe_mode().open(&SealedMessage {
        msg_signature: &sealed.msg_signature,
        timestamp: "17",
        nonce: "nonce",
        encrypt: &sealed.encrypt,
    })
}

#[test]
fn messages_of_every_length_open_again() {
    for length in 0..70 {
        let text = "微".repeat(length);
        assert_eq!(open_of("wxba5fad812f8e6fb9", &text), Ok(text.into_bytes()));
    }
}

#[test]
fn a_message_for_another_app_is_refused() {
    for app_id in ["wx0000000000000000", "", "wxba5fad812f8e6fb9x"] {
        assert_eq!(open_of(app_id, "{}"), Err(PushError::OtherApp), "{app_id}");
    }
}

#[rstest]
#[case::of_another_time(SealedMessage { timestamp: "1714112446", ..OFFICIAL })]
#[case::of_another_nonce(SealedMessage { nonce: "", ..OFFICIAL })]
#[case::of_another_message(SealedMessage { encrypt: "AAAA", ..OFFICIAL })]
#[case::empty(SealedMessage { msg_signature: "", ..OFFICIAL })]
fn a_signature_that_does_not_hold_is_refused(#[case] message: SealedMessage<'_>) {
    assert_eq!(safe_mode().open(&message), Err(PushError::BadSignature));
}

#[test]
fn another_key_does_not_open() {
    let other = SafeMode {
        key: EncodingAesKey::parse(&"B".repeat(43)).unwrap(),
        ..safe_mode()
    };
    assert_eq!(other.open(&OFFICIAL), Err(PushError::NotOpened));
}

/// A message that is signed and holds `encrypt`, whatever that is.
fn open_signed(encrypt: &str) -> Result<Vec<u8>, PushError> {
    let signature = {
        use sha1::{Digest, Sha1};
        let mut parts = ["AAAAA", "17", "nonce", encrypt];
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    };
    safe_mode().open(&SealedMessage {
        msg_signature: &signature,
        timestamp: "17",
        nonce: "nonce",
        encrypt,
    })
}

#[rstest]
#[case::nothing("")]
#[case::no_base64("签名")]
#[case::half_a_block("AAAAAAAAAAA=")]
#[case::one_block_of_aes("AAAAAAAAAAAAAAAAAAAAAA==")]
#[case::noise("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
fn what_is_signed_and_no_ciphertext_is_not_opened(#[case] encrypt: &str) {
    assert_eq!(open_signed(encrypt), Err(PushError::NotOpened));
}

/// Encrypts `plain` as it is, under the key of [`safe_mode`].
fn encrypted(plain: &[u8]) -> String {
    use aes::Aes256;
    use base64::Engine;
    use cbc::cipher::block_padding::NoPadding;
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
    let cipher = cbc::Encryptor::<Aes256>::new(&[0; 32].into(), &[0; 16].into());
    base64::engine::general_purpose::STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(plain))
}

#[test]
fn a_length_beyond_the_end_is_not_opened() {
    let mut plain = [12_u8; 32];
    plain[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(open_signed(&encrypted(&plain)), Err(PushError::NotOpened));
}

#[test]
fn wrong_padding_is_not_opened_even_if_the_rest_is_a_message() {
    let mut plain = [0; 16].to_vec();
    plain.extend(2_u32.to_be_bytes());
    plain.extend(b"{}wxba5fad812f8e6fb9");
    plain.resize(64, 24);
    assert_eq!(open_signed(&encrypted(&plain)).as_deref(), Ok(&b"{}"[..]));
    plain[50] = 0;
    assert_eq!(open_signed(&encrypted(&plain)), Err(PushError::NotOpened));
}

#[test]
fn a_message_shorter_than_its_frame_is_not_opened() {
    assert_eq!(
        open_signed(&encrypted(&[32; 32])),
        Err(PushError::NotOpened)
    );
    assert_eq!(
        open_signed(&encrypted(&[14; 32])),
        Err(PushError::NotOpened)
    );
}

#[test]
fn no_debug_shows_token_or_key() {
    let shown = format!("{:?}", safe_mode());
    assert!(!shown.contains("AAAAA"), "{shown}");
}
