//! `/wxa/business/getuserphonenumber` and `/wxa/business/checkencryptedmsg`.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wxsandbox::{OpenDataOptions, PhoneNumberGrant};

use crate::stack::{AppKeys, Stack, errcode};

fn tap(stack: &Stack, user: &str) -> PhoneNumberGrant {
    let phone = stack.phone(user).unwrap();
    phone.phone_number(&OpenDataOptions::default()).unwrap()
}

async fn number(stack: &Stack, app: &AppKeys, body: Value) -> Value {
    let token = stack.token_of(app).await.unwrap();
    let query = [("access_token", token.as_str())];
    let path = "/wxa/business/getuserphonenumber";
    stack.post(path, &query, &body).await.unwrap()
}

#[tokio::test]
async fn a_code_becomes_the_number_with_a_watermark() {
    let stack = Stack::open().unwrap();
    let code = tap(&stack, "alice").code;
    stack.control().advance(Duration::from_secs(7));
    let openid = stack.alice().unwrap().openid().to_owned();
    let body = json!({"code": code, "openid": openid});
    let answer = number(&stack, &stack.app, body).await;
    let expected = json!({
        "phoneNumber": "13800138000",
        "purePhoneNumber": "13800138000",
        "countryCode": "86",
        "watermark": {"timestamp": 1_750_000_000, "appid": stack.app.id},
    });
    assert_eq!(answer["phone_info"], expected);
    assert_eq!(
        (errcode(&answer), &answer["errmsg"]),
        (Some(0), &json!("ok"))
    );
}

#[tokio::test]
async fn a_foreign_number_carries_its_country_and_the_code_can_be_a_number() {
    let stack = Stack::with(|config| config.policy.country_code_as_number = true).unwrap();
    let code = tap(&stack, "carol").code;
    let answer = number(&stack, &stack.app, json!({"code": code})).await;
    assert_eq!(answer["phone_info"]["phoneNumber"], "85251234567");
    assert_eq!(answer["phone_info"]["purePhoneNumber"], "51234567");
    assert_eq!(answer["phone_info"]["countryCode"], 852);
}

#[tokio::test]
async fn a_phone_code_works_once_and_for_five_minutes() {
    let stack = Stack::open().unwrap();
    let (once, late) = (tap(&stack, "alice").code, tap(&stack, "alice").code);
    let first = number(&stack, &stack.app, json!({"code": once})).await;
    let again = number(&stack, &stack.app, json!({"code": once})).await;
    assert_eq!((errcode(&first), errcode(&again)), (Some(0), Some(40029)));
    stack.control().advance(Duration::from_mins(5));
    let expired = number(&stack, &stack.app, json!({"code": late})).await;
    assert_eq!(errcode(&expired), Some(40029));
}

#[tokio::test]
async fn another_users_openid_is_refused_and_leaves_the_code_unused() {
    let stack = Stack::open().unwrap();
    let code = tap(&stack, "alice").code;
    let bob = stack.phone("bob").unwrap().openid().to_owned();
    let stolen = number(&stack, &stack.app, json!({"code": code, "openid": bob})).await;
    assert_eq!(errcode(&stolen), Some(40029));
    stack
        .control()
        .change_policy(|policy| policy.phone_code_of_other_user = 40003);
    let stolen = number(&stack, &stack.app, json!({"code": code, "openid": bob})).await;
    assert_eq!(errcode(&stolen), Some(40003));
    let own = number(&stack, &stack.app, json!({"code": code})).await;
    assert_eq!(errcode(&own), Some(0));
}

#[tokio::test]
async fn login_codes_and_phone_codes_are_not_interchangeable() {
    let stack = Stack::open().unwrap();
    let login = stack.alice().unwrap().login().unwrap();
    let answer = number(&stack, &stack.app, json!({"code": login})).await;
    assert_eq!(errcode(&answer), Some(40029));
    let phone = tap(&stack, "alice").code;
    let answer = stack.code2session(&phone).await.unwrap();
    assert_eq!(errcode(&answer), Some(40029));
}

#[tokio::test]
async fn another_apps_token_is_told_that_the_app_is_wrong() {
    let stack = Stack::open().unwrap();
    let code = tap(&stack, "alice").code;
    let answer = number(&stack, &stack.other_app, json!({"code": code})).await;
    assert_eq!(errcode(&answer), Some(40013));
}

#[tokio::test]
async fn a_token_that_is_no_good_does_not_use_the_code_up() {
    let stack = Stack::open().unwrap();
    let code = tap(&stack, "alice").code;
    let path = "/wxa/business/getuserphonenumber";
    let query = [("access_token", "rubbish")];
    let refused = stack
        .post(path, &query, &json!({"code": code}))
        .await
        .unwrap();
    assert_eq!(errcode(&refused), Some(40014));
    let answer = number(&stack, &stack.app, json!({"code": code})).await;
    assert_eq!(errcode(&answer), Some(0));
}

async fn check(stack: &Stack, app: &AppKeys, data: &str) -> Value {
    let token = stack.token_of(app).await.unwrap();
    let query = [("access_token", token.as_str())];
    let hash = hex::encode(Sha256::digest(data));
    let path = "/wxa/business/checkencryptedmsg";
    stack
        .post(path, &query, &json!({"encrypted_msg_hash": hash}))
        .await
        .unwrap()
}

#[tokio::test]
async fn wechat_knows_the_phone_data_it_encrypted_for_three_days() {
    let stack = Stack::open().unwrap();
    stack.session("alice").await.unwrap();
    let data = tap(&stack, "alice").encrypted.unwrap().encrypted_data;
    let answer = check(&stack, &stack.app, &data).await;
    assert_eq!(
        (&answer["vaild"], &answer["create_time"]),
        (&json!(true), &json!(1_750_000_000))
    );
    let foreign = check(&stack, &stack.other_app, &data).await;
    assert_eq!(foreign["vaild"], false);
    assert_eq!(
        errcode(&check(&stack, &stack.app, "made up").await),
        Some(1)
    );
    stack.control().advance(Duration::from_hours(72));
    assert_eq!(errcode(&check(&stack, &stack.app, &data).await), Some(1));
}

#[tokio::test]
async fn a_hash_that_is_none_is_a_bad_argument() {
    let stack = Stack::open().unwrap();
    let token = stack.token().await.unwrap();
    let query = [("access_token", token.as_str())];
    let body = json!({"encrypted_msg_hash": "xyz"});
    let path = "/wxa/business/checkencryptedmsg";
    let answer = stack.post(path, &query, &body).await.unwrap();
    assert_eq!(errcode(&answer), Some(40097));
}
