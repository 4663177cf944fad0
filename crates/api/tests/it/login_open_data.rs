//! Logging in with encryptedData and rawData.

use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use wxsandbox::{OpenDataOptions, ProfileKind, UserInfo};

use crate::house::{House, Store};

/// What `user`'s phone gives a page of the first app, after `wx.login`.
fn profile(
    house: &House,
    user: &str,
    kind: ProfileKind,
    options: &OpenDataOptions,
) -> (String, UserInfo) {
    let phone = house
        .sandbox
        .control()
        .phone(user, &house.app_id(0))
        .unwrap();
    (
        phone.login().unwrap(),
        phone.profile(kind, options).unwrap(),
    )
}

/// [`profile`] as it is today, without anything special.
fn user_info(house: &House, user: &str) -> (String, UserInfo) {
    profile(
        house,
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
    let house = House::new(store).await;
    let (code, info) = user_info(&house, "alice");
    let body = json!({ "platCode": code, "platUserInfoMap": encrypted(&info) });
    let data = house.login(&body).await.data();
    assert_eq!(data["nickName"], "爱丽丝 Alice");
    assert_eq!(
        (&data["gender"], &data["city"]),
        (&json!(2), &json!("Guangzhou"))
    );
    assert_eq!(data["watermark"]["appid"], house.app_id(0));
    assert!(data["watermark"]["timestamp"].is_i64());
    let me = house.me(&data["token"]).await.data();
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
    let house = House::new(store).await;
    let (code, info) = user_info(&house, "bob");
    let map = json!({ "rawData": info.raw_data, "signature": info.signature });
    let data = house
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
    let house = House::new(store).await;
    let earlier = house.logged_in("alice").await;
    let me = house.me(&earlier["token"]).await.data();
    assert!(me.get("nickName").is_none());
    let (code, info) = user_info(&house, "alice");
    let body = json!({ "platCode": code, "platUserInfoMap": encrypted(&info) });
    let later = house.login(&body).await.data();
    let by_earlier = house.me(&earlier["token"]).await.data();
    assert_eq!(by_earlier["nickName"], "爱丽丝 Alice");
    assert_eq!(by_earlier, house.me(&later["token"]).await.data());
}

#[rstest]
#[tokio::test]
async fn an_anonymous_profile_overwrites_nothing(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = House::new(store).await;
    let (code, info) = user_info(&house, "alice");
    let first = house
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await
        .data();
    let (code, info) = profile(
        &house,
        "alice",
        ProfileKind::Anonymous,
        &OpenDataOptions::default(),
    );
    let again = house
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await
        .data();
    for field in ["nickName", "avatarUrl", "gender", "city", "userId"] {
        assert_eq!(again[field], first[field], "{field}");
    }
}

#[rstest]
#[tokio::test]
async fn data_that_does_not_hold_is_refused_alike_and_stores_nobody(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = House::new(store).await;
    let usual = OpenDataOptions::default();
    let refuse = async |code: String, map: Value| {
        let answer = house
            .login(&json!({ "platCode": code, "platUserInfoMap": map }))
            .await;
        (
            answer.refused(400, "open_data_invalid"),
            answer.body.get("reason").cloned(),
        )
    };
    let mut answers = Vec::new();

    let (code, info) = profile(&house, "alice", ProfileKind::UserInfo, &usual);
    let tampered =
        json!({ "encryptedData": info.encrypted_data, "iv": "AAAAAAAAAAAAAAAAAAAAAA==" });
    answers.push(refuse(code, tampered).await);

    let (code, _) = profile(&house, "alice", ProfileKind::UserInfo, &usual);
    let (_, of_bob) = profile(&house, "bob", ProfileKind::UserInfo, &usual);
    answers.push(refuse(code, encrypted(&of_bob)).await);

    let old = OpenDataOptions {
        watermark_shift_s: -301,
        ..OpenDataOptions::default()
    };
    let (code, info) = profile(&house, "alice", ProfileKind::UserInfo, &old);
    answers.push(refuse(code, encrypted(&info)).await);

    let (code, info) = profile(&house, "alice", ProfileKind::UserInfo, &usual);
    let signature = info.signature.chars().rev().collect::<String>();
    answers.push(
        refuse(
            code,
            json!({ "rawData": info.raw_data, "signature": signature }),
        )
        .await,
    );

    let (code, _) = profile(&house, "alice", ProfileKind::UserInfo, &usual);
    answers.push(refuse(code, json!({ "encryptedData": "QUJD", "iv": "QUJD" })).await);

    assert!(
        answers
            .iter()
            .all(|answer| *answer == answers[0] && answer.1.is_none()),
        "{answers:?}"
    );
    assert_eq!(house.logged_in("alice").await["isNewUser"], true);
}

#[tokio::test]
async fn the_age_of_a_watermark_matters_only_if_the_operator_says_so() {
    let house = House::with(Store::Sqlite, |settings| settings.open_data.max_age_s = 0).await;
    let old = OpenDataOptions {
        watermark_shift_s: -86_400,
        ..OpenDataOptions::default()
    };
    let (code, info) = profile(&house, "alice", ProfileKind::UserInfo, &old);
    let answer = house
        .login(&json!({ "platCode": code, "platUserInfoMap": encrypted(&info) }))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_belongs_together_comes_together_and_is_base64() {
    let house = House::new(Store::Sqlite).await;
    let refuse = async |map: Value| {
        let body = json!({ "platCode": house.code("alice"), "platUserInfoMap": map });
        house.login(&body).await.refused(400, "invalid_request")
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
