//! Every kind of payload, in WeChat's shape and in shapes it may take tomorrow.

use rstest::rstest;
use wxcrypto::Payload;
use wxcrypto::payload::{
    ChatToolInfo, GroupEnterInfo, Invoice, InvoiceTitle, PhoneNumber, ShareInfo, StepInfo,
    UserInfo, WeRunData,
};

use crate::phone::{OPEN_ID, Server, seal, with_watermark};

fn payload(fields: &str) -> Payload {
    let data = seal(&with_watermark(fields));
    Server::new().open(&data).unwrap().payload
}

fn user_info(fields: &str) -> UserInfo {
    match payload(fields) {
        Payload::UserInfo(user_info) => user_info,
        other => panic!("{other:?}"),
    }
}

fn phone_number(fields: &str) -> PhoneNumber {
    match payload(fields) {
        Payload::PhoneNumber(phone) => phone,
        other => panic!("{other:?}"),
    }
}

#[test]
fn get_user_info_has_a_profile_and_an_openid() {
    let user = user_info(&format!(
        r#""openId":"{OPEN_ID}","nickName":"小明","gender":2,"language":"zh_CN","city":"","province":"Guangdong","country":"CN","avatarUrl":"https:\/\/thirdwx.qlogo.cn\/1","unionId":"o1""#
    ));
    assert_eq!(user.nick_name.as_deref(), Some("小明"));
    assert_eq!(
        user.avatar_url.as_deref(),
        Some("https://thirdwx.qlogo.cn/1")
    );
    assert_eq!((user.gender, user.city.as_deref()), (Some(2), Some("")));
}

#[test]
fn get_user_profile_has_a_profile_and_no_openid() {
    let data = seal(&with_watermark(
        r#""nickName":"Band","avatarUrl":"https://a/0""#,
    ));
    let opened = Server::new().open(&data).unwrap();
    assert_eq!((opened.open_id, opened.union_id), (None, None));
    assert!(matches!(opened.payload, Payload::UserInfo(_)));
}

#[rstest]
#[case::by_its_mark(r#""nickName":"a new placeholder","is_demote":true"#, true)]
#[case::by_its_nickname(r#""nickName":"微信用户","avatarUrl":"https://a/132""#, true)]
#[case::not_by_a_mark_that_is_false(r#""nickName":"Band","is_demote":false"#, false)]
#[case::not_by_a_similar_nickname(r#""nickName":"微信用户2""#, false)]
fn the_placeholder_is_told_from_a_person(#[case] fields: &str, #[case] is_anonymous: bool) {
    assert_eq!(user_info(fields).is_anonymous(), is_anonymous);
}

#[test]
fn profile_fields_of_wrong_types_are_as_absent() {
    let user = user_info(
        r#""nickName":["Band"],"gender":"1","language":7,"city":null,"province":{"a":1},"avatarUrl":true,"is_demote":"yes""#,
    );
    assert_eq!(
        (user.nick_name, user.province, user.avatar_url),
        (None, None, None)
    );
    assert_eq!((user.city, user.country), (None, None));
    assert_eq!(
        (user.gender, user.language.as_deref()),
        (Some(1), Some("7"))
    );
    assert!(!user.is_demote);
}

#[rstest]
#[case::as_text(r#""86""#)]
#[case::as_number("86")]
fn a_phone_number_opens_with_a_country_code(#[case] country_code: &str) {
    let phone = phone_number(&format!(
        r#""phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":{country_code}"#
    ));
    assert_eq!(phone.phone_number.as_deref(), Some("13580006666"));
    assert_eq!(phone.pure_phone_number, "13580006666");
    assert_eq!(phone.country_code, "86");
}

#[test]
fn a_phone_number_with_only_the_parts_that_count_opens() {
    let phone = phone_number(r#""purePhoneNumber":91234567,"countryCode":"852""#);
    assert_eq!(phone.pure_phone_number, "91234567");
    assert_eq!(phone.phone_number, None);
}

#[test]
fn get_share_info_names_the_group() {
    let Payload::ShareInfo(ShareInfo { open_gid, .. }) = payload(r#""openGId":"tG0001""#) else {
        panic!("another kind");
    };
    assert_eq!(open_gid, "tG0001");
}

#[test]
fn get_group_enter_info_names_the_group() {
    let Payload::GroupEnterInfo(GroupEnterInfo { open_gid, .. }) = payload(r#""opengid":"tG0002""#)
    else {
        panic!("another kind");
    };
    assert_eq!(open_gid, "tG0002");
}

#[test]
fn get_chat_tool_info_names_the_chat_and_the_member() {
    let fields =
        r#""opengid":"tG0003","open_single_roomid":"","group_openid":"oMember","chat_type":3"#;
    let Payload::ChatToolInfo(ChatToolInfo {
        open_gid,
        open_single_room_id,
        group_open_id,
        chat_type,
        ..
    }) = payload(fields)
    else {
        panic!("another kind");
    };
    assert_eq!(open_gid.as_deref(), Some("tG0003"));
    assert_eq!(open_single_room_id, None);
    assert_eq!(group_open_id.as_deref(), Some("oMember"));
    assert_eq!(chat_type, Some(3));
}

#[test]
fn get_chat_tool_info_of_a_chat_of_two_names_no_group() {
    let fields = r#""opengid":"","open_single_roomid":"sR0001""#;
    let Payload::ChatToolInfo(chat) = payload(fields) else {
        panic!("another kind");
    };
    assert_eq!(chat.open_gid, None);
    assert_eq!(chat.open_single_room_id.as_deref(), Some("sR0001"));
}

#[test]
fn get_we_run_data_has_a_day_an_entry() {
    let fields = r#""stepInfoList":[{"timestamp":1445866601,"step":100},{"timestamp":"1445876601","step":"120"}]"#;
    let Payload::WeRunData(WeRunData { step_info_list, .. }) = payload(fields) else {
        panic!("another kind");
    };
    let days: Vec<_> = step_info_list
        .iter()
        .map(
            |StepInfo {
                 timestamp, step, ..
             }| (*timestamp, *step),
        )
        .collect();
    assert_eq!(days, [(1_445_866_601, 100), (1_445_876_601, 120)]);
}

#[rstest]
#[case::a_new_kind(r#""heartRate":[60]"#)]
#[case::nothing_but_a_watermark("")]
#[case::an_address_is_no_profile(r#""city":"广州市","province":"广东省""#)]
#[case::a_phone_without_country(r#""purePhoneNumber":"13580006666""#)]
#[case::a_phone_that_is_null(r#""purePhoneNumber":null,"countryCode":"86""#)]
#[case::steps_of_another_shape(r#""stepInfoList":{"day":1}"#)]
#[case::a_group_that_is_empty(r#""openGId":"""#)]
#[case::two_nicknames(r#""nickName":"a","nickName":"b""#)]
fn what_has_no_known_shape_still_opens(#[case] fields: &str) {
    assert_eq!(payload(fields), Payload::Other);
}

#[test]
fn unknown_fields_change_no_kind() {
    let user = user_info(r#""nickName":"Band","new":{"nickName":7},"":null"#);
    assert_eq!(user.nick_name.as_deref(), Some("Band"));
}

#[test]
fn invoices_are_read_from_their_text() {
    let invoices =
        Invoice::read_all(r#"[{"card_id":"p1","encrypt_code":"O/m","app_id":"wx9c","new":1}]"#);
    let invoices = invoices.unwrap();
    assert_eq!(invoices.len(), 1);
    assert_eq!(invoices[0].card_id, "p1");
    assert_eq!(invoices[0].encrypt_code, "O/m");
    assert_eq!(invoices[0].app_id, "wx9c");
    assert!(Invoice::read_all("{}").is_err());
}

#[rstest]
#[case::as_text(r#""0""#)]
#[case::as_number("0")]
fn an_invoice_title_is_read(#[case] kind: &str) {
    let json = format!(
        r#"{{"type":{kind},"title":"深圳市腾讯计算机系统有限公司","taxNumber":"91440300","bankAccount":"","errMsg":"chooseInvoiceTitle:ok"}}"#
    );
    let title: InvoiceTitle = serde_json::from_str(&json).unwrap();
    assert_eq!(title.kind.as_deref(), Some("0"));
    assert_eq!(title.tax_number.as_deref(), Some("91440300"));
    assert_eq!(title.bank_account, None);
}
