//! Signed rawData.

use rstest::rstest;
use wxcrypto::payload::UserInfo;
use wxcrypto::{OpenDataError, SessionKey, SignedRawData, verify_raw_data};

use crate::phone::{SESSION_KEY, sign, sign_bytes};

fn verify(data: &SignedRawData) -> Result<UserInfo, OpenDataError> {
    verify_raw_data(data, &SessionKey::new(SESSION_KEY))
}

#[test]
fn a_signature_in_upper_case_holds() {
    let mut data = sign(r#"{"nickName":"Band"}"#);
    data.signature.make_ascii_uppercase();
    assert_eq!(verify(&data).unwrap().nick_name.as_deref(), Some("Band"));
}

#[test]
fn an_anonymous_profile_is_known_as_one() {
    let raw_data = r#"{"nickName":"微信用户","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132","is_demote":true}"#;
    let user = verify(&sign(raw_data)).unwrap();
    assert!(user.is_demote && user.is_anonymous());
}

#[rstest]
#[case::nothing("")]
#[case::no_hex("signature")]
#[case::of_something_else("75e81ceda165f4ffa64f4068af58c64b8f54b88c")]
#[case::of_the_wrong_length("75e8")]
fn a_wrong_signature_is_refused(#[case] signature: &str) {
    let data = SignedRawData {
        signature: signature.to_owned(),
        ..sign(r#"{"nickName":"Band"}"#)
    };
    assert_eq!(verify(&data), Err(OpenDataError::BadSignature));
}

#[test]
fn one_changed_byte_is_refused_even_if_the_json_is_the_same() {
    let data = SignedRawData {
        raw_data: br#"{"nickName": "Band"}"#.to_vec(),
        ..sign(r#"{"nickName":"Band"}"#)
    };
    assert_eq!(verify(&data), Err(OpenDataError::BadSignature));
}

#[test]
fn a_stale_session_key_is_a_bad_signature() {
    let stale = SessionKey::new("AAAAAAAAAAAAAAAAAAAAAA==");
    let refused = verify_raw_data(&sign("{}"), &stale);
    assert_eq!(refused, Err(OpenDataError::BadSignature));
}

/// The signature is over the bytes as they were before anything in them was mended.
#[rstest]
#[case::a_control_character(b"\x07", "")]
#[case::nul(b"\0", "")]
#[case::half_a_pair(b"\\ud83d", "\u{FFFD}")]
#[case::half_a_pair_in_bytes(b"\xED\xA0\xBD", "\u{FFFD}")]
#[case::a_byte_that_is_not_utf_8(b"\xFF", "\u{FFFD}")]
fn an_odd_character_costs_no_other_field(#[case] odd: &[u8], #[case] read: &str) {
    let raw_data = [br#"{"nickName":"B"#, odd, br#"nd","city":"Guangzhou"}"#].concat();
    let user = verify(&sign_bytes(&raw_data)).unwrap();
    assert_eq!(user.nick_name, Some(format!("B{read}nd")));
    assert_eq!(user.city.as_deref(), Some("Guangzhou"));
}

#[test]
fn what_is_not_utf_8_may_be_signed_as_a_phone_shows_it() {
    let raw_data = b"{\"nickName\":\"B\xED\xA0\xBDnd\"}";
    let data = SignedRawData {
        raw_data: raw_data.to_vec(),
        ..sign("{\"nickName\":\"B\u{FFFD}nd\"}")
    };
    assert_eq!(
        verify(&data).unwrap().nick_name.as_deref(),
        Some("B\u{FFFD}nd")
    );
}

#[rstest]
#[case("")]
#[case("nickName=Band")]
#[case("[]")]
#[case("null")]
#[case(r#""Band""#)]
fn what_is_signed_and_no_object_is_malformed(#[case] raw_data: &str) {
    assert_eq!(verify(&sign(raw_data)), Err(OpenDataError::Malformed));
}

#[rstest]
#[case("{}")]
#[case(r#"{"nickName":1e999}"#)]
#[case(r#"{"new":{}}"#)]
#[case(r#"{"nickName":"a","nickName":"b"}"#)]
fn an_object_without_a_profile_is_an_empty_profile(#[case] raw_data: &str) {
    assert_eq!(verify(&sign(raw_data)), Ok(UserInfo::default()));
}
