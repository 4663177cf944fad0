//! Messages as WeChat pushes them: signed, sealed, in JSON and in XML.

use rstest::rstest;

use crate::house::{House, Store};
use crate::push_house::{AES_KEY, SIGNED, house, plain, post, sealed, taken};

#[tokio::test]
async fn the_published_vector_is_taken_in_safe_mode() {
    let house = House::with(Store::Sqlite, |settings| {
        settings.apps[0].app_id = String::from("wxba5fad812f8e6fb9");
        settings.apps[0].push_token = Some(api::settings::Secret::new("AAAAA"));
        settings.apps[0].push_aes_key = Some(api::settings::Secret::new(AES_KEY));
    })
    .await;
    let query = "signature=x&timestamp=1714112445&nonce=415670741&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3";
    let body = r#"{"ToUserName":"gh_97417a04a28d","Encrypt":"+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="}"#;
    taken(&post(&house, query, body).await);
    let forged = query.replace("046e", "046f");
    post(&house, &forged, body).await.refused(403, "forbidden");
    let replayed = query.replace("415670741", "415670742");
    post(&house, &replayed, body)
        .await
        .refused(403, "forbidden");
}

#[rstest]
#[case(r#"{"MsgType":"text","Content":"hello","FromUserName":"o1"}"#)]
#[case(r#"{"MsgType":"event","Event":"user_enter_tempsession","FromUserName":"o1"}"#)]
#[case("<xml><MsgType><![CDATA[text]]></MsgType></xml>")]
#[case("{}")]
#[tokio::test]
async fn what_concerns_no_users_data_is_acknowledged(#[case] message: &str) {
    let house = house(Store::Sqlite).await;
    taken(&plain(&house, message.to_owned()).await);
    let (query, body) = sealed(&house.app_id(0), AES_KEY, message);
    taken(&post(&house, &query, body).await);
}

#[rstest]
#[case("")]
#[case("{")]
#[case("[]")]
#[case("success")]
#[case("<xml><Event>x</Event>")]
#[case("<!DOCTYPE x [<!ENTITY a \"a\">]><xml><A>&a;</A></xml>")]
#[tokio::test]
async fn what_is_signed_and_no_message_is_a_400(#[case] message: &str) {
    let house = house(Store::Sqlite).await;
    let answer = plain(&house, message.to_owned()).await;
    answer.refused(400, "invalid_request");
    let (query, body) = sealed(&house.app_id(0), AES_KEY, message);
    let answer = post(&house, &query, body).await;
    answer.refused(400, "invalid_request");
    // In safe mode without a ciphertext.
    let query = format!("{SIGNED}&encrypt_type=aes&msg_signature=x");
    let answer = post(&house, &query, message.to_owned()).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test]
async fn a_sealed_message_for_another_app_or_under_another_key_is_refused() {
    let house = house(Store::Sqlite).await;
    let (query, body) = sealed("wx0000000000000000", AES_KEY, "{}");
    post(&house, &query, body).await.refused(403, "forbidden");
    let (query, body) = sealed(&house.app_id(0), &"B".repeat(43), "{}");
    let answer = post(&house, &query, body).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test]
async fn the_ciphertext_must_be_the_signed_one() {
    let house = house(Store::Sqlite).await;
    let (query, _) = sealed(&house.app_id(0), AES_KEY, "{}");
    let (_, body) = sealed(&house.app_id(0), AES_KEY, "{ }");
    post(&house, &query, body).await.refused(403, "forbidden");
}

#[tokio::test]
async fn without_an_aes_key_a_sealed_message_is_not_waved_through() {
    let house = House::with(Store::Sqlite, |settings| {
        settings.apps[0].push_token = Some(api::settings::Secret::new("AAAAA"));
    })
    .await;
    let (query, body) = sealed(&house.app_id(0), AES_KEY, "{}");
    let answer = post(&house, &query, body.clone()).await;
    answer.refused(400, "invalid_request");
    let strangers = "encrypt_type=aes&msg_signature=x&signature=x";
    post(&house, strangers, body)
        .await
        .refused(403, "forbidden");
}
