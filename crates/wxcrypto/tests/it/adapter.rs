//! The port, kept by the adapter.

use domain::ports::{OpenDataError, OpenDataOpener};
use domain::profile::Gender;
use wxcrypto::AesOpenDataOpener;

use crate::phone::{Server, seal, sign, with_watermark};

fn open(fields: &str) -> Result<domain::open_data::OpenedData, OpenDataError> {
    let server = Server::new();
    AesOpenDataOpener.open(&seal(&with_watermark(fields)), &server.expected())
}

#[test]
fn a_profile_becomes_a_report() {
    let opened = open(r#""nickName":"Band","gender":1,"city":"","unionId":"o1""#).unwrap();
    let report = opened.report.unwrap();
    assert_eq!(report.profile.nick_name.as_deref(), Some("Band"));
    assert_eq!(report.profile.gender, Some(Gender::Male));
    assert!(!report.is_anonymous);
    assert_eq!(opened.union_id.unwrap().as_str(), "o1");
    assert_eq!(opened.phone, None);
}

#[test]
fn a_gender_that_wechat_does_not_define_is_not_reported() {
    let report = open(r#""nickName":"Band","gender":9"#)
        .unwrap()
        .report
        .unwrap();
    assert_eq!(report.profile.gender, None);
}

#[test]
fn an_anonymous_profile_is_reported_as_one() {
    let report = open(r#""nickName":"微信用户","avatarUrl":"https://a/132""#)
        .unwrap()
        .report;
    assert!(report.unwrap().is_anonymous);
}

#[test]
fn a_phone_number_becomes_a_grant_and_no_report() {
    let opened = open(r#""purePhoneNumber":"13580006666","countryCode":86"#).unwrap();
    let phone = opened.phone.unwrap();
    assert_eq!(
        (
            phone.country_code.as_str(),
            phone.pure_phone_number.as_str()
        ),
        ("86", "13580006666")
    );
    assert_eq!(opened.report, None);
}

#[test]
fn other_kinds_have_neither_and_keep_their_text() {
    for fields in [
        r#""openGId":"tG1""#,
        r#""opengid":"tG1""#,
        r#""chat_type":3"#,
        r#""stepInfoList":[]"#,
        r#""new":1"#,
    ] {
        let opened = open(fields).unwrap();
        assert_eq!((opened.report, opened.phone), (None, None), "{fields}");
        assert_eq!(opened.json, with_watermark(fields));
    }
}

#[test]
fn what_does_not_agree_is_refused() {
    assert_eq!(
        open(r#""openId":"o-somebody-else""#),
        Err(OpenDataError::OtherUser)
    );
}

#[test]
fn signed_raw_data_becomes_a_report() {
    let server = Server::new();
    let data = sign(r#"{"nickName":"Band","gender":2}"#);
    let report = AesOpenDataOpener.verify(&data, &server.expected()).unwrap();
    assert_eq!(report.profile.nick_name.as_deref(), Some("Band"));
    assert_eq!(report.profile.gender, Some(Gender::Female));

    let stale = Server::with_session_key("AAAAAAAAAAAAAAAAAAAAAA==");
    let refused = AesOpenDataOpener.verify(&data, &stale.expected());
    assert_eq!(refused, Err(OpenDataError::BadSignature));
}
