//! Every kind of encrypted data opens with the session_key and has its fields.

use rstest::rstest;
use serde_json::{Value, json};

use crate::phone::open;
use crate::stack::{Stack, json_of, text};

async fn opened(stack: &Stack, act: &str, query: &[(&str, &str)]) -> Value {
    let session = stack.session("alice").await.unwrap();
    let path = format!("/phone/alice/{act}");
    let sealed = stack.ask(&path, query).await.unwrap();
    open(&session.key, &sealed)
}

#[rstest]
#[case::user_info("profile", &["openId", "unionId", "nickName", "gender", "avatarUrl"])]
#[case::phone_number("phone-number", &["phoneNumber", "purePhoneNumber", "countryCode"])]
#[case::share_info("share-info", &["openGId"])]
#[case::group_enter("group-enter-info", &["opengid"])]
#[case::chat_tool("chat-tool-info", &["opengid", "group_openid", "chat_type"])]
#[case::we_run("we-run-data", &["stepInfoList"])]
#[tokio::test]
async fn a_payload_has_its_fields_and_a_watermark(#[case] act: &str, #[case] fields: &[&str]) {
    let stack = Stack::open().unwrap();
    let payload = opened(&stack, act, &[]).await;
    for field in fields {
        assert!(payload.get(field).is_some(), "no {field} in {payload}");
    }
    assert_eq!(payload["watermark"]["appid"], stack.app.id.as_str());
}

#[rstest]
#[case("user_profile")]
#[case("anonymous_user_profile")]
#[tokio::test]
async fn get_user_profile_has_no_ids(#[case] kind: &str) {
    let stack = Stack::open().unwrap();
    let payload = opened(&stack, "profile", &[("kind", kind)]).await;
    assert_eq!(
        (payload.get("openId"), payload.get("unionId")),
        (None, None)
    );
    assert!(payload.get("nickName").is_some());
}

#[tokio::test]
async fn steps_are_a_number_a_day_for_thirty_one_days() {
    let stack = Stack::open().unwrap();
    let payload = opened(&stack, "we-run-data", &[]).await;
    let list = payload["stepInfoList"].as_array().unwrap();
    let days: Vec<_> = list
        .iter()
        .map(|day| day["timestamp"].as_i64().unwrap())
        .collect();
    assert_eq!(days.len(), 31);
    assert!(
        days.windows(2).all(|pair| pair[1] - pair[0] == 86_400),
        "{days:?}"
    );
    assert!(days[30] <= 1_750_000_000 && days[30] > 1_750_000_000 - 86_400);
}

#[tokio::test]
async fn members_of_a_group_see_the_same_group() {
    let stack = Stack::open().unwrap();
    let (alice, bob) = (
        stack.session("alice").await.unwrap(),
        stack.session("bob").await.unwrap(),
    );
    let query = [("group", "choir")];
    let one = stack.ask("/phone/alice/share-info", &query).await.unwrap();
    let two = stack.ask("/phone/bob/share-info", &query).await.unwrap();
    assert_eq!(
        open(&alice.key, &one)["openGId"],
        open(&bob.key, &two)["openGId"]
    );
}

#[tokio::test]
async fn data_can_be_made_wrong_for_tests_of_a_backends_checks() {
    let stack = Stack::open().unwrap();
    let query = [
        ("watermark_app_id", "wxffffffffffffffff"),
        ("open_id", "oSomebody"),
    ];
    let payload = opened(&stack, "profile", &query).await;
    assert_eq!(payload["watermark"]["appid"], "wxffffffffffffffff");
    assert_eq!(payload["openId"], "oSomebody");
    let payload = opened(&stack, "profile", &[("no_watermark", "true")]).await;
    assert!(payload.get("watermark").is_none());
}

#[tokio::test]
async fn a_payload_of_ones_own_is_encrypted_with_a_watermark() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let payload = json!({"newKind": [1, 2]});
    let sealed = stack
        .post("/phone/alice/encrypt", &[], &payload)
        .await
        .unwrap();
    let opened = open(&session.key, &sealed);
    assert_eq!(opened["newKind"], json!([1, 2]));
    assert!(opened.get("watermark").is_some());
}

#[tokio::test]
async fn invoices_are_not_encrypted() {
    let stack = Stack::open().unwrap();
    let chosen = stack.ask("/phone/alice/invoice", &[]).await.unwrap();
    let info: Value = serde_json::from_str(text(&chosen, "invoiceInfo").unwrap()).unwrap();
    assert_eq!(info[0]["app_id"], stack.app.id.as_str());
    let title = stack.ask("/phone/alice/invoice-title", &[]).await.unwrap();
    assert_eq!(title["type"], "1");
}

#[tokio::test]
async fn the_raw_data_of_an_anonymous_profile_says_that_it_is_one() {
    let stack = Stack::open().unwrap();
    stack.session("alice").await.unwrap();
    let query = [("kind", "anonymous")];
    let response = stack.get("/phone/alice/profile", &query).await.unwrap();
    let answer = json_of(response).await.unwrap();
    assert!(
        text(&answer, "rawData")
            .unwrap()
            .contains(r#""is_demote":true"#)
    );
}
