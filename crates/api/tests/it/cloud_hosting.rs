//! Behind the gateway of WeChat's cloud hosting.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{Answer, House, Store};

async fn ask(house: &House, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = house.request(Method::POST, "/user/wxlogin").json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[rstest]
#[tokio::test]
async fn the_gateway_names_the_user_and_no_code_is_needed(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = House::with(store, |settings| settings.wechat.cloud_hosting = true).await;
    let by_code = house.logged_in("alice").await;
    let app = house.app_id(0);
    let open_id = by_code["openId"].as_str().unwrap();
    let headers = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", &app),
        ("x-wx-openid", open_id),
    ];
    let data = ask(&house, &headers, &json!({})).await.data();
    assert_eq!(
        (&data["userId"], &data["openId"]),
        (&by_code["userId"], &by_code["openId"])
    );
    assert_eq!(
        (&data["unionId"], &data["isNewUser"]),
        (&by_code["unionId"], &json!(false))
    );
    house.me(&data["token"]).await.data();

    let foreign = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", "wx00"),
        ("x-wx-openid", open_id),
    ];
    ask(&house, &foreign, &json!({}))
        .await
        .refused(400, "unknown_app");
    let past_the_gateway = &headers[1..];
    ask(&house, past_the_gateway, &json!({}))
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn without_the_operators_word_the_headers_mean_nothing() {
    let house = House::new(Store::Sqlite).await;
    let app = house.app_id(0);
    let headers = [
        ("x-wx-source", "wx_client"),
        ("x-wx-appid", &app),
        ("x-wx-openid", "o-forged"),
    ];
    ask(&house, &headers, &json!({}))
        .await
        .refused(400, "invalid_request");
    let body = json!({ "platCode": house.code("alice") });
    assert_ne!(
        ask(&house, &headers, &body).await.data()["openId"],
        "o-forged"
    );
}
