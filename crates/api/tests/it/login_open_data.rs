//! Logging in with encryptedData and rawData.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest;
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wxsandbox::{OpenDataOptions, ProfileKind, UserInfo};

use crate::stack::{Answer, Stack, Store};

/// What `user`'s phone gives a page of the first app, after `wx.login`.
fn profile(
    stack: &Stack,
    user: &str,
    kind: ProfileKind,
    options: &OpenDataOptions,
) -> (String, UserInfo) {
    let phone = stack.phone(user);
    (
        phone.login().unwrap(),
        phone.profile(kind, options).unwrap(),
    )
}

/// [`profile`] as it is today, without anything special.
fn user_info(stack: &Stack, user: &str) -> (String, UserInfo) {
    profile(
        stack,
        user,
        ProfileKind::UserInfo,
        &OpenDataOptions::default(),
    )
}

fn encrypted(info: &UserInfo) -> Value {
    json!({ "encryptedData": info.encrypted_data, "iv": info.iv })
}

#[rstest]
#[tokio::test]
async fn the_request_of_the_first_front_end_logs_in_and_fills_the_profile(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let (code, info) = user_info(&stack, "alice");
    let body = json!({ "platCode": code, "platUserInfoMap": encrypted(&info) });
    let data = stack.login(&body).await.data();
    assert_eq!(data["nickName"], "爱丽丝 Alice");
    assert_eq!(
        (&data["gender"], &data["city"]),
        (&json!(2), &json!("Guangzhou"))
    );
    assert_eq!(data["watermark"]["appid"], stack.app_id(0));
    assert!(data["watermark"]["timestamp"].is_i64());
    let me = stack.me(&data["token"]).await.data();
    assert_eq!(
        (&me["nickName"], &me["avatarUrl"]),
        (&data["nickName"], &data["avatarUrl"])
    );
}

#[rstest]
#[tokio::test]
async fn signed_raw_data_fills_the_profile_as_encrypted_data_does(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let (code, info) = user_info(&stack, "bob");
    let map = json!({ "rawData": info.raw_data, "signature": info.signature });
    let data = stack
        .login(&json!({ "platCode": code, "platUserInfoMap": map }))
        .await
        .data();
    assert_eq!(
        (&data["nickName"], &data["gender"]),
        (&json!("小波 Bob"), &json!(1))
    );
    assert!(data.get("watermark").is_none());
}

#[rstest]
#[tokio::test]
async fn what_a_login_tells_shows_in_earlier_sessions_at_once(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let earlier = stack.logged_in("alice").await;
    let me = stack.me(&earlier["token"]).await.data();
    assert!(me.get("nickName").is_none());
    let (code, info) = user_info(&stack, "alice");
    let body = json!({ "platCode": code, "platUserInfoMap": encrypted(&info) });
    let later = stack.login(&body).await.data();
    let by_earlier = stack.me(&earlier["token"]).await.data();
    assert_eq!(by_earlier["nickName"], "爱丽丝 Alice");
    assert_eq!(by_earlier, stack.me(&later["token"]).await.data());
}

#[rstest]
#[tokio::test]
async fn an_anonymous_profile_overwrites_nothing(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let (code, info) = user_info(&stack, "alice");
    let first = stack
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await
        .data();
    let (code, info) = profile(
        &stack,
        "alice",
        ProfileKind::Anonymous,
        &OpenDataOptions::default(),
    );
    let again = stack
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await
        .data();
    for field in ["nickName", "avatarUrl", "gender", "city", "userId"] {
        assert_eq!(again[field], first[field], "{field}");
    }
}

#[rstest]
#[tokio::test]
async fn data_that_does_not_hold_is_refused_alike_and_stores_no_user(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let usual = OpenDataOptions::default();
    let refuse = async |code: String, map: Value| {
        let answer = stack
            .login(&json!({ "platCode": code, "platUserInfoMap": map }))
            .await;
        (
            answer.refused(400, "open_data_invalid"),
            answer.body.get("reason").cloned(),
        )
    };
    let mut answers = Vec::new();

    let (code, info) = profile(&stack, "alice", ProfileKind::UserInfo, &usual);
    let tampered =
        json!({ "encryptedData": info.encrypted_data, "iv": "AAAAAAAAAAAAAAAAAAAAAA==" });
    answers.push(refuse(code, tampered).await);

    let (code, _) = profile(&stack, "alice", ProfileKind::UserInfo, &usual);
    let (_, of_bob) = profile(&stack, "bob", ProfileKind::UserInfo, &usual);
    answers.push(refuse(code, encrypted(&of_bob)).await);

    let old = OpenDataOptions {
        watermark_shift_s: -301,
        ..OpenDataOptions::default()
    };
    let (code, info) = profile(&stack, "alice", ProfileKind::UserInfo, &old);
    answers.push(refuse(code, encrypted(&info)).await);

    let (code, info) = profile(&stack, "alice", ProfileKind::UserInfo, &usual);
    let signature = info.signature.chars().rev().collect::<String>();
    answers.push(
        refuse(
            code,
            json!({ "rawData": info.raw_data, "signature": signature }),
        )
        .await,
    );

    let (code, _) = profile(&stack, "alice", ProfileKind::UserInfo, &usual);
    answers.push(refuse(code, json!({ "encryptedData": "QUJD", "iv": "QUJD" })).await);

    assert!(
        answers
            .iter()
            .all(|answer| *answer == answers[0] && answer.1.is_none()),
        "{answers:?}"
    );
    assert_eq!(stack.logged_in("alice").await["isNewUser"], true);
}

#[tokio::test]
async fn the_age_of_a_watermark_matters_only_if_the_operator_says_so() {
    let stack = Stack::with(Store::Sqlite, |settings| settings.open_data.max_age_s = 0).await;
    let old = OpenDataOptions {
        watermark_shift_s: -86_400,
        ..OpenDataOptions::default()
    };
    let (code, info) = profile(&stack, "alice", ProfileKind::UserInfo, &old);
    let answer = stack
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_belongs_together_comes_together_and_is_base64() {
    let stack = Stack::new(Store::Sqlite).await;
    let refuse = async |map: Value| {
        let body = json!({ "platCode": stack.code("alice"), "platUserInfoMap": map });
        stack.login(&body).await.refused(400, "invalid_request")
    };
    assert!(
        refuse(json!({ "encryptedData": "AAAA" }))
            .await
            .contains("platUserInfoMap.iv")
    );
    assert!(
        refuse(json!({ "iv": "AAAA" }))
            .await
            .contains("platUserInfoMap.encryptedData")
    );
    assert!(
        refuse(json!({ "rawData": "{}" }))
            .await
            .contains("platUserInfoMap.signature")
    );
    assert!(
        refuse(json!({ "signature": "00" }))
            .await
            .contains("platUserInfoMap.rawData")
    );
    assert!(
        refuse(json!({ "encryptedData": "%%%%", "iv": "AAAA" }))
            .await
            .contains("encryptedData")
    );
    let spaced = refuse(json!({ "encryptedData": "AA A", "iv": "AAAA" })).await;
    assert!(
        spaced.contains("encryptedData") && spaced.contains("空格"),
        "{spaced}"
    );
    assert!(
        refuse(json!({ "encryptedData": 5, "iv": "AAAA" }))
            .await
            .contains("platUserInfoMap.encryptedData")
    );
    assert!(
        refuse(json!(["AAAA", "AAAA"]))
            .await
            .contains("platUserInfoMap")
    );
}

/// What WeChat would send of alice's, with `odd` in her nickname, as bytes of our making.
struct OddProfile {
    code: String,
    encrypted: Value,
    signed: Value,
}

fn odd_profile(stack: &Stack, odd: &[u8]) -> OddProfile {
    let control = stack.sandbox.control();
    let phone = control.phone("alice", &stack.app_id(0)).unwrap();
    let code = phone.login().unwrap();
    let key = control.session_key("alice", &stack.app_id(0)).unwrap();
    let key = key.unwrap().expose_secret().to_owned();
    let raw_data = [br#"{"nickName":"\u5c0f"#, odd, br#"","city":"Guangzhou"}"#].concat();
    let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let watermark = format!(
        r#","watermark":{{"appid":"{}","timestamp":{seconds}}}}}"#,
        stack.app_id(0)
    );
    let plain = [&raw_data[..raw_data.len() - 1], watermark.as_bytes()].concat();
    let signed = [&raw_data, key.as_bytes()].concat();
    let signature = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &signed);
    let signature = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    // As JSON.stringify writes it: half a pair as an escape, all else as it is.
    let raw_data = String::from_utf8_lossy(&raw_data).into_owned();
    OddProfile {
        code,
        encrypted: sealed(&key, plain),
        signed: json!({ "rawData": raw_data, "signature": signature.collect::<String>() }),
    }
}

fn sealed(session_key: &str, mut plain: Vec<u8>) -> Value {
    let key = UnboundCipherKey::new(&AES_128, &STANDARD.decode(session_key).unwrap()).unwrap();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
    let iv = EncryptionContext::Iv128(FixedLength::from([7; 16]));
    key.less_safe_encrypt(&mut plain, iv).unwrap();
    json!({ "encryptedData": STANDARD.encode(plain), "iv": STANDARD.encode([7; 16]) })
}

#[rstest]
#[tokio::test]
async fn an_odd_character_in_a_nickname_costs_nothing_else(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    for (odd, read) in [
        (&b"\x07"[..], "小"),
        (b"\0", "小"),
        (br"\u0000", "小"),
        (b"\n\t", "小"),
        (b"\xff", "小\u{fffd}"),
        (br"\ud83d", "小\u{fffd}"),
        (br"\ude00", "小\u{fffd}"),
        (b"\xed\xa0\xbd", "小\u{fffd}"),
    ] {
        let OddProfile {
            code, encrypted, ..
        } = odd_profile(&stack, odd);
        let body = json!({ "platCode": code, "platUserInfoMap": encrypted });
        let login = stack.login(&body).await.data();
        assert_eq!(
            (&login["nickName"], &login["city"]),
            (&json!(read), &json!("Guangzhou"))
        );
        let token = login["token"].as_str();
        let opened = stack
            .send(Method::POST, "/user/opendata", token, Some(&encrypted))
            .await
            .data();
        assert_eq!(opened["city"], "Guangzhou");
        assert_eq!(stack.me(&login["token"]).await.data()["nickName"], read);

        // Bytes that are not UTF-8 do not come through a page's strings.
        if std::str::from_utf8(odd).is_ok() {
            let OddProfile { code, signed, .. } = odd_profile(&stack, odd);
            let body = json!({ "platCode": code, "platUserInfoMap": signed });
            let login = stack.login(&body).await.data();
            assert_eq!(
                (&login["nickName"], &login["city"]),
                (&json!(read), &json!("Guangzhou"))
            );
        }
    }
}

/// A page's string may hold half a pair itself, which JSON.stringify writes as an escape.
#[tokio::test]
async fn half_a_pair_in_the_string_of_raw_data_is_signed_in_three_bytes() {
    let stack = Stack::new(Store::Sqlite).await;
    let OddProfile { code, signed, .. } = odd_profile(&stack, b"\xed\xa0\xbd");
    let raw_data = signed["rawData"]
        .to_string()
        .replace("\u{fffd}\u{fffd}\u{fffd}", r"\ud83d");
    let body = format!(
        r#"{{"platCode":"{code}","platUserInfoMap":{{"rawData":{raw_data},"signature":{}}}}}"#,
        signed["signature"]
    );
    let request = stack.request(Method::POST, "/user/wxlogin").body(body);
    let login = Answer::read(request.send().await.unwrap()).await.data();
    assert_eq!(login["nickName"], "小\u{fffd}");
}
