//! What opens, and the error of what does not.

use rstest::rstest;
use wxcrypto::{AppId, EncryptedData, OpenDataError, OpenId, Payload, Timestamp, UnionId};

use crate::phone::{
    APP_ID, MADE_AT, OPEN_ID, SESSION_KEY, Server, encoded, seal, seal_blocks, seal_bytes,
    with_watermark,
};

fn refusal(data: &EncryptedData) -> OpenDataError {
    Server::new().open(data).unwrap_err()
}

fn made_of(encrypted_data: &str, iv: &str) -> EncryptedData {
    EncryptedData {
        encrypted_data: encrypted_data.to_owned(),
        iv: iv.to_owned(),
    }
}

const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";
const ONE_BLOCK: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

#[rstest]
#[case::no_ciphertext("", IV)]
#[case::half_a_block("AAAAAAAAAAA=", IV)]
#[case::a_block_and_a_half("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", IV)]
#[case::no_base64("签名", IV)]
#[case::a_space_for_a_plus("AAAAAAAA AAAAAAAAAAAAA==", IV)]
#[case::a_newline("AAAAAAAAAAAAAAAAAAAAAA==\n", IV)]
#[case::url_safe_base64("____________________-w==", IV)]
#[case::no_padding_of_base64("AAAAAAAAAAAAAAAAAAAAAA", IV)]
#[case::no_iv(ONE_BLOCK, "")]
#[case::a_short_iv(ONE_BLOCK, "AAAAAAAAAAAAAAAAAAAA")]
#[case::a_long_iv(ONE_BLOCK, "AAAAAAAAAAAAAAAAAAAAAAA=")]
#[case::an_iv_of_no_base64(ONE_BLOCK, "!")]
fn what_cannot_be_a_ciphertext_is_malformed(#[case] encrypted_data: &str, #[case] iv: &str) {
    assert_eq!(
        refusal(&made_of(encrypted_data, iv)),
        OpenDataError::Malformed
    );
}

#[rstest]
#[case::text("hello")]
#[case::nothing("")]
#[case::cut_off(r#"{"watermark":{"appid""#)]
#[case::two_objects("{}{}")]
#[case::a_control_character_outside_a_string("{\u{1}}")]
#[case::a_mended_string("\"\u{1}\"")]
fn what_is_no_json_is_not_opened(#[case] plain: &str) {
    assert_eq!(refusal(&seal(plain)), OpenDataError::NotOpened);
}

#[rstest]
#[case::a_control_character(b"\x07", "")]
#[case::nul(b"\0", "")]
#[case::a_line_break(b"\n", "")]
#[case::a_byte_that_is_not_utf_8(b"\xFF", "\u{FFFD}")]
#[case::half_a_character(b"\xE5\xB0", "\u{FFFD}")]
#[case::half_a_pair(b"\\ud83d", "\u{FFFD}")]
#[case::the_other_half(b"\\ude00", "\u{FFFD}")]
#[case::half_a_pair_in_bytes(b"\xED\xA0\xBD", "\u{FFFD}")]
#[case::a_backslash(b"\\ ", "\\ ")]
fn an_odd_character_costs_no_other_field(#[case] odd: &[u8], #[case] read: &str) {
    for field in ["nickName", "city", "another"] {
        let fields = format!(r#""gender":2,"{field}":"B*nd","province":"粤""#);
        let plain = with_watermark(&fields).into_bytes();
        let place = plain.iter().position(|byte| *byte == b'*').unwrap();
        let plain = [&plain[..place], odd, &plain[place + 1..]].concat();
        let opened = Server::new().open(&seal_bytes(&plain, SESSION_KEY, [0; 16]));
        let opened = opened.unwrap();

        let json: serde_json::Value = serde_json::from_str(&opened.json).unwrap();
        assert_eq!(json[field], format!("B{read}nd"));
        assert_eq!(
            (&json["gender"], &json["province"]),
            (&2.into(), &"粤".into())
        );
        if field == "nickName" {
            let Payload::UserInfo(user) = opened.payload else {
                panic!("{:?}", opened.payload);
            };
            assert_eq!(user.nick_name, Some(format!("B{read}nd")));
            assert_eq!(user.province.as_deref(), Some("粤"));
        }
    }
}

#[rstest]
#[case::none(0)]
#[case::too_long(17)]
#[case::whitespace(b'\n')]
fn wrong_padding_is_not_opened_even_if_the_rest_is_json(#[case] last: u8) {
    let mut blocks = with_watermark("").into_bytes();
    blocks.resize(blocks.len().next_multiple_of(16) + 16, b' ');
    *blocks.last_mut().unwrap() = last;
    assert_eq!(refusal(&seal_blocks(&blocks)), OpenDataError::NotOpened);
}

#[rstest]
#[case::another("AAAAAAAAAAAAAAAAAAAAAA==")]
#[case::too_short("tiihtNczf5v6AKRy")]
#[case::too_long("tiihtNczf5v6AKRyjwEUhQAA")]
#[case::of_an_aes_256_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
#[case::no_base64("session key")]
#[case::nothing("")]
fn a_wrong_session_key_does_not_open(#[case] session_key: &str) {
    let data = seal(&with_watermark(r#""nickName":"Band""#));
    let server = Server::with_session_key(session_key);
    assert_eq!(server.open(&data), Err(OpenDataError::NotOpened));
}

#[test]
fn all_ways_not_to_open_have_one_text() {
    let good = with_watermark("");
    let mut unpadded = good.clone().into_bytes();
    unpadded.resize(unpadded.len().next_multiple_of(16), 0);
    let stale = Server::with_session_key("AAAAAAAAAAAAAAAAAAAAAA==");
    let no_key = Server::with_session_key("");
    let texts = [
        refusal(&seal("no json")),
        refusal(&seal_blocks(&unpadded)),
        refusal(&seal_bytes(&[0xFF; 20], SESSION_KEY, [0; 16])),
        stale.open(&seal(&good)).unwrap_err(),
        no_key.open(&seal(&good)).unwrap_err(),
    ]
    .map(|refusal| format!("{refusal} {refusal:?}"));
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[rstest]
#[case::a_number("7")]
#[case::an_array(r#"[{"watermark":{"appid":"wx4f4bc4dec97d474b","timestamp":1}}]"#)]
#[case::null("null")]
#[case::no_watermark(r#"{"nickName":"Band"}"#)]
#[case::a_text(r#"{"watermark":"wx4f4bc4dec97d474b"}"#)]
#[case::no_appid(r#"{"watermark":{"timestamp":1}}"#)]
#[case::no_timestamp(r#"{"watermark":{"appid":"wx4f4bc4dec97d474b"}}"#)]
#[case::an_appid_that_is_a_number(r#"{"watermark":{"appid":4,"timestamp":1}}"#)]
#[case::a_timestamp_that_is_none(r#"{"watermark":{"appid":"wx01","timestamp":"now"}}"#)]
#[case::null_watermark(r#"{"watermark":null}"#)]
fn json_without_a_watermark_is_malformed(#[case] plain: &str) {
    assert_eq!(refusal(&seal(plain)), OpenDataError::Malformed);
}

#[test]
fn a_watermark_with_new_fields_and_a_time_as_text_is_a_watermark() {
    let plain = format!(r#"{{"watermark":{{"v":[1],"timestamp":"17","appid":"{APP_ID}"}}}}"#);
    let opened = Server::new().open(&seal(&plain)).unwrap();
    assert_eq!(opened.watermark.timestamp, 17);
}

#[test]
fn data_of_another_app_is_refused_before_its_user_and_its_age_are_looked_at() {
    let server = Server {
        app_id: AppId::new("wx0000000000000000"),
        open_id: OpenId::new("o-somebody-else"),
        not_before: Some(Timestamp::MAX),
        ..Server::new()
    };
    let data = seal(&with_watermark(&format!(r#""openId":"{OPEN_ID}""#)));
    assert_eq!(server.open(&data), Err(OpenDataError::OtherApp));
}

#[rstest]
#[case::another(r#""o-somebody-else""#)]
#[case::a_number("7")]
#[case::an_object("{}")]
#[case::half_a_surrogate(r#""\ud83d""#)]
fn data_about_another_user_is_refused_before_its_age_is_looked_at(#[case] open_id: &str) {
    let server = Server {
        not_before: Some(Timestamp::MAX),
        ..Server::new()
    };
    let data = seal(&with_watermark(&format!(r#""openId":{open_id}"#)));
    assert_eq!(server.open(&data), Err(OpenDataError::OtherUser));
}

#[rstest]
#[case::absent("")]
#[case::empty(r#""openId":"""#)]
#[case::null(r#""openId":null"#)]
fn data_without_a_user_is_about_the_owner_of_the_session_key(#[case] fields: &str) {
    let opened = Server::new().open(&seal(&with_watermark(fields))).unwrap();
    assert_eq!(opened.open_id, None);
}

#[test]
fn of_two_openids_in_one_payload_the_last_one_counts() {
    let fields = format!(r#""openId":"{OPEN_ID}","openId":"o-somebody-else""#);
    assert_eq!(
        refusal(&seal(&with_watermark(&fields))),
        OpenDataError::OtherUser
    );
}

#[test]
fn data_as_old_as_the_limit_is_taken_and_older_is_not() {
    let data = seal(&with_watermark(""));
    let opened_since = |microseconds: i64| {
        let limit = Timestamp::from_microsecond(MADE_AT * 1_000_000 + microseconds).unwrap();
        let server = Server {
            not_before: Some(limit),
            ..Server::new()
        };
        server.open(&data).map(drop)
    };
    assert_eq!(opened_since(-1), Ok(()));
    assert_eq!(opened_since(0), Ok(()));
    assert_eq!(opened_since(1), Err(OpenDataError::TooOld));
}

#[test]
fn a_watermark_from_the_ends_of_time_is_no_panic() {
    let server = Server {
        not_before: Timestamp::from_second(0).ok(),
        ..Server::new()
    };
    for (seconds, outcome) in [(i64::MAX, Ok(())), (i64::MIN, Err(OpenDataError::TooOld))] {
        let plain = format!(r#"{{"watermark":{{"timestamp":{seconds},"appid":"{APP_ID}"}}}}"#);
        assert_eq!(server.open(&seal(&plain)).map(drop), outcome, "{seconds}");
    }
}

#[rstest]
#[case::absent("", None)]
#[case::empty(r#""unionId":"""#, None)]
#[case::of_a_wrong_type(r#""unionId":{"a":1}"#, None)]
#[case::present(r#""unionId":"ocMvos6N""#, Some("ocMvos6N"))]
fn a_unionid_is_taken_if_there_is_one(#[case] fields: &str, #[case] union_id: Option<&str>) {
    let opened = Server::new().open(&seal(&with_watermark(fields))).unwrap();
    assert_eq!(opened.union_id.as_ref().map(UnionId::as_str), union_id);
}

#[test]
fn the_text_is_kept_byte_for_byte() {
    let plain = format!("  {}\n", with_watermark(r#""new" : [1e3, "\u00e9\/"]"#));
    let opened = Server::new().open(&seal(&plain)).unwrap();
    assert_eq!(opened.json, plain);
    assert_eq!(opened.payload, Payload::Other);
}

#[test]
fn a_payload_nested_too_deep_for_any_parser_opens() {
    let deep = format!(r#""new":{}{}"#, "[".repeat(10_000), "]".repeat(10_000));
    let opened = Server::new().open(&seal(&with_watermark(&deep))).unwrap();
    assert_eq!(opened.payload, Payload::Other);
}

#[test]
fn debug_shows_neither_text_nor_phone_number() {
    let fields =
        r#""phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86""#;
    let opened = Server::new().open(&seal(&with_watermark(fields))).unwrap();
    let shown = format!("{opened:?}");
    assert!(!shown.contains("13580006666"), "{shown}");
}

#[test]
fn a_foreign_block_in_the_middle_is_not_opened() {
    let plain = with_watermark(r#""nickName":"a nickname of more than a block""#);
    let sealed = seal_blocks(&[plain.as_bytes(), &[1; 16]].concat()[..plain.len() / 16 * 16]);
    assert_eq!(refusal(&sealed), OpenDataError::NotOpened);
    assert_eq!(
        refusal(&encoded(&[9; 32], [1; 16])),
        OpenDataError::NotOpened
    );
}
