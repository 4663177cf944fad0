//! What holds for every input.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use wxcrypto::push::{EncodingAesKey, PushToken, SafeMode, SealedMessage};
use wxcrypto::{AppId, EncryptedData, OpenDataError, SessionKey, SignedRawData, verify_raw_data};

use crate::phone::{APP_ID, SESSION_KEY, Server, encoded, seal_bytes, with_watermark};

/// JSON members as a phone's user can make them: any nickname.
fn fields() -> impl Strategy<Value = String> {
    any::<String>()
        .prop_map(|nick_name| format!(r#""nickName":{}"#, serde_json::Value::from(nick_name)))
}

fn blocks() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<[u8; 16]>(), 1..40).prop_map(|blocks| blocks.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn random_ciphertext_is_never_opened(ciphertext in blocks(), iv: [u8; 16]) {
        let outcome = Server::new().open(&encoded(&ciphertext, iv));
        prop_assert_eq!(outcome, Err(OpenDataError::NotOpened));
    }

    #[test]
    fn no_input_makes_open_panic(encrypted_data: Vec<u8>, iv: Vec<u8>, session_key: Vec<u8>) {
        let server = Server::with_session_key(&STANDARD.encode(session_key));
        let data = EncryptedData {
            encrypted_data: STANDARD.encode(encrypted_data),
            iv: STANDARD.encode(iv),
        };
        prop_assert!(server.open(&data).is_err());
    }
}

proptest! {
    #[test]
    fn no_text_makes_open_panic(encrypted_data: String, iv: String, session_key: String) {
        let data = EncryptedData { encrypted_data, iv };
        let outcome = Server::with_session_key(&session_key).open(&data);
        prop_assert!(outcome.is_err());
    }

    #[test]
    fn what_wechat_seals_opens(fields in fields(), iv: [u8; 16], key: [u8; 16]) {
        let plain = with_watermark(&fields);
        let key = STANDARD.encode(key);
        let opened = Server::with_session_key(&key).open(&seal_bytes(plain.as_bytes(), &key, iv));
        prop_assert_eq!(opened.map(|opened| opened.json), Ok(plain));
    }

    #[test]
    fn another_session_key_does_not_open(fields in fields(), key: [u8; 16]) {
        let key = STANDARD.encode(key);
        prop_assume!(key != SESSION_KEY);
        let data = seal_bytes(with_watermark(&fields).as_bytes(), SESSION_KEY, [1; 16]);
        prop_assert_eq!(
            Server::with_session_key(&key).open(&data),
            Err(OpenDataError::NotOpened)
        );
    }

    /// There is no authentication code, so a flipped bit can go unnoticed: in the iv it changes
    /// one byte of the first block, in a block of ciphertext it scrambles that block and changes
    /// one byte of the next. It can do no more, and the watermark still has to hold.
    #[test]
    fn a_flipped_bit_is_refused_or_changes_no_more_than_cbc_lets_it(
        fields in fields(),
        place: prop::sample::Index,
        bit in 0_u32..8,
    ) {
        let plain = with_watermark(&fields);
        let good = seal_bytes(plain.as_bytes(), SESSION_KEY, [1; 16]);
        let mut bytes = STANDARD.decode(&good.iv).unwrap();
        bytes.extend(STANDARD.decode(&good.encrypted_data).unwrap());
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let (iv, ciphertext) = bytes.split_first_chunk().unwrap();

        if let Ok(opened) = Server::new().open(&encoded(ciphertext, *iv)) {
            let first = (place / 16 * 16).saturating_sub(16);
            let last = place / 16 * 16 + 16;
            prop_assert_eq!(opened.watermark.app_id.as_str(), APP_ID);
            // The scrambled block is mended, and with it a character or an escape across its ends.
            let across = 6;
            let (plain, opened) = (plain.as_bytes(), opened.json.as_bytes());
            let before = first.saturating_sub(across).min(plain.len());
            let after = plain.get(last + across..).unwrap_or_default();
            prop_assert!(opened.starts_with(&plain[..before]) && opened.ends_with(after));
        }
    }

    #[test]
    fn a_cut_ciphertext_is_refused(fields in fields(), length: prop::sample::Index) {
        let good = seal_bytes(with_watermark(&fields).as_bytes(), SESSION_KEY, [1; 16]);
        let ciphertext = STANDARD.decode(&good.encrypted_data).unwrap();
        let cut = &ciphertext[..length.index(ciphertext.len())];
        prop_assert!(Server::new().open(&encoded(cut, [1; 16])).is_err());
    }

    #[test]
    fn no_raw_data_holds_without_its_signature(raw_data: Vec<u8>, signature in "[0-9a-f]{40}") {
        let outcome = verify_raw_data(
            &SignedRawData { raw_data, signature },
            &SessionKey::new(SESSION_KEY),
        );
        prop_assert_eq!(outcome, Err(OpenDataError::BadSignature));
    }

    #[test]
    fn a_pushed_message_opens_again_and_not_under_another_token(
        text: String,
        random: [u8; 16],
        key in "[0-9A-Za-z]{43}",
        nonce: String,
    ) {
        let mut safe_mode = SafeMode {
            token: PushToken::new("token"),
            key: EncodingAesKey::parse(&key).unwrap(),
            app_id: AppId::new(APP_ID),
        };
        let sealed = safe_mode.seal(&text, random, 17, &nonce).unwrap();
        let message = SealedMessage {
            msg_signature: &sealed.msg_signature,
            timestamp: "17",
            nonce: &nonce,
            encrypt: &sealed.encrypt,
        };
        prop_assert_eq!(safe_mode.open(&message), Ok(text.into_bytes()));
        safe_mode.token = PushToken::new("another");
        prop_assert!(safe_mode.open(&message).is_err());
    }
}
