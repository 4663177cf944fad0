//! Virtual payment: the phone's side, and the messages that follow.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::timeout;
use wxsandbox::{
    Goods, PaymentNotice, PushConfig, PushFormat, PushMode, VirtualPayment, VirtualPaymentConfig,
};

use crate::receiver::{Answer, Receiver};
use crate::stack::{Session, Stack, json_of};

const SUCCESS: &str = r#"{"ErrCode":0,"ErrMsg":"success"}"#;

/// By another implementation than the sandbox's own.
pub(crate) fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) fn virtual_payment(stack: &Stack) -> VirtualPaymentConfig {
    let app = stack.control().apps().remove(0);
    app.virtual_payment.unwrap()
}

fn order(stack: &Stack, number: &str) -> Value {
    json!({
        "offerId": virtual_payment(stack).offer_id, "buyQuantity": 2, "env": 0, "currencyType": "CNY",
        "productId": "gems", "goodsPrice": 300, "outTradeNo": number, "attach": "a=1",
    })
}

fn signed(stack: &Stack, session: &Session, data: &Value) -> VirtualPayment {
    let sign_data = data.to_string();
    let app_key = virtual_payment(stack).app_key;
    VirtualPayment {
        mode: "short_series_goods".to_owned(),
        pay_sig: hmac(
            app_key.expose_secret(),
            &format!("requestVirtualPayment&{sign_data}"),
        ),
        signature: hmac(&session.key, &sign_data),
        sign_data,
    }
}

fn push_to(stack: &Stack, receiver: &Receiver, format: PushFormat) {
    let push = PushConfig {
        url: receiver.url.clone(),
        token: "sesame".into(),
        encoding_aes_key: "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s".into(),
        mode: PushMode::Plain,
        format,
    };
    let change = |app: &mut wxsandbox::AppConfig| app.push = Some(push);
    stack.control().change_app(&stack.app.id, change).unwrap();
}

/// Waits until the only message on a payment has been sent so often.
async fn sent(stack: &Stack, times: usize) -> PaymentNotice {
    let enough = async {
        loop {
            let mut notices = stack.control().payment_notices(&stack.app.id);
            let notice = notices.remove(0);
            assert!(notices.is_empty(), "{notices:?}");
            if notice.attempts.len() >= times {
                return notice;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), enough).await.unwrap()
}

#[tokio::test]
async fn an_order_is_paid_and_the_server_is_told_what_was_bought() {
    let (stack, server) = (
        Stack::open().unwrap(),
        Receiver::answering(Answer::Text(SUCCESS)).unwrap(),
    );
    push_to(&stack, &server, PushFormat::Json);
    let session = stack.session("alice").await.unwrap();
    let payment = signed(&stack, &session, &order(&stack, "order_001"));
    let path = "/phone/alice/request-virtual-payment";
    let answer = stack.post(path, &[], &json!(payment)).await.unwrap();
    assert_eq!(answer, json!({"errMsg": "requestVirtualPayment:ok"}));

    assert!(sent(&stack, 1).await.delivered);
    let message: Value = serde_json::from_str(&server.received()[0].body).unwrap();
    assert_eq!(message["Event"], "xpay_goods_deliver_notify");
    assert_eq!(
        (&message["OpenId"], &message["OutTradeNo"]),
        (&json!(session.openid), &json!("order_001"))
    );
    assert_eq!(
        message["GoodsInfo"],
        json!({"ProductId": "gems", "Quantity": 2, "OrigPrice": 600, "ActualPrice": 600, "Attach": "a=1"})
    );
    assert_eq!(message["Env"], 0);
    assert_eq!(message["WeChatPayInfo"]["PaidTime"], 1_750_000_000);
    assert_ne!(
        message["FromUserName"], message["OpenId"],
        "an account of WeChat's"
    );
}

#[rstest]
#[case::no_json("signData", json!("offerId=1"), -15016)]
#[case::currency("currencyType", json!("USD"), -15004)]
#[case::foreign_offer("offerId", json!("1"), -15001)]
#[case::short_number("outTradeNo", json!("short"), -15001)]
#[case::number_with_underscore_first("outTradeNo", json!("_order_01"), -15001)]
#[case::no_product("productId", json!(""), -15001)]
#[case::product_that_is_not_published("productId", json!("pearls"), -15010)]
#[case::other_price("goodsPrice", json!(299), -15013)]
#[case::used_number("outTradeNo", json!("order_000"), -15002)]
#[tokio::test]
async fn what_is_wrong_with_an_order_has_a_code(
    #[case] field: &str,
    #[case] value: Value,
    #[case] expected: i32,
) {
    let stack = Stack::open().unwrap();
    let goods = Goods {
        product_id: "gems".to_owned(),
        price: 300,
    };
    let publish = |app: &mut wxsandbox::AppConfig| {
        app.virtual_payment.as_mut().unwrap().goods.push(goods);
    };
    stack.control().change_app(&stack.app.id, publish).unwrap();
    let session = stack.session("alice").await.unwrap();
    let phone = stack.alice().unwrap();
    let first = signed(&stack, &session, &order(&stack, "order_000"));
    assert_eq!(phone.request_virtual_payment(&first), Ok(()));

    let mut data = order(&stack, "order_001");
    if field == "signData" {
        data = value;
    } else {
        data[field] = value;
    }
    let refused = phone.request_virtual_payment(&signed(&stack, &session, &data));
    assert_eq!(refused.unwrap_err().code, expected);
}

/// How a signature came to be wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    OtherText,
    UpperCase,
    OtherEnv,
    OlderKey,
    ExpiredKey,
}

#[rstest]
#[case(Fault::OtherText, -15005, "SIGNATURE_INVALID")]
#[case(Fault::UpperCase, -15005, "SIGNATURE_INVALID")]
#[case(Fault::OlderKey, -15005, "SIGNATURE_INVALID")]
#[case(Fault::OtherEnv, -15006, "PAY_SIG_INVALID")]
#[case(Fault::ExpiredKey, -15007, "SESSION_KEY_EXPIRED")]
#[tokio::test]
async fn what_is_wrong_with_a_signature_has_a_code(
    #[case] fault: Fault,
    #[case] code: i32,
    #[case] text: &str,
) {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let mut payment = signed(&stack, &session, &order(&stack, "order_001"));
    match fault {
        Fault::OtherText => payment.sign_data = payment.sign_data.replace("300", "3"),
        Fault::UpperCase => payment.signature = payment.signature.to_uppercase(),
        Fault::OtherEnv => {
            let key: SecretString = virtual_payment(&stack).sandbox_app_key;
            let text = format!("requestVirtualPayment&{}", payment.sign_data);
            payment.pay_sig = hmac(key.expose_secret(), &text);
        }
        Fault::OlderKey => (stack.control())
            .replace_session_key("alice", &stack.app.id)
            .unwrap(),
        Fault::ExpiredKey => (stack.control())
            .expire_session_key("alice", &stack.app.id)
            .unwrap(),
    }
    let path = "/phone/alice/request-virtual-payment";
    let answer = stack.post(path, &[], &json!(payment)).await.unwrap();
    let message = format!("requestVirtualPayment:fail {text}");
    assert_eq!(
        answer,
        json!({"errMsg": message, "errCode": code, "errno": code})
    );
    assert!(stack.control().payment_notices(&stack.app.id).is_empty());
}

#[tokio::test]
async fn the_phone_names_a_parameter_that_is_no_text_and_a_cancelled_payment_is_none() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let payment = signed(&stack, &session, &order(&stack, "order_001"));
    let path = "/phone/alice/request-virtual-payment";
    let mut without = json!(payment);
    without.as_object_mut().unwrap().remove("signature");
    let answer = stack.post(path, &[], &without).await.unwrap();
    assert_eq!(answer["errCode"], 1001);
    assert!(
        answer["errMsg"]
            .as_str()
            .unwrap()
            .contains("signature should be String")
    );

    let answer = stack
        .post(path, &[("cancel", "true")], &json!(payment))
        .await
        .unwrap();
    assert_eq!(answer["errCode"], -2);
    assert!(stack.control().payment_notices(&stack.app.id).is_empty());
}

#[rstest]
#[case::the_success_of_other_events("success")]
#[case::an_envelope(r#"{"code":200,"msg":"success"}"#)]
#[case::a_failure(r#"{"ErrCode":1,"ErrMsg":"later"}"#)]
#[tokio::test]
async fn a_message_on_a_payment_is_repeated_until_its_errcode_is_0(#[case] wrong: &'static str) {
    let (stack, server) = (
        Stack::open().unwrap(),
        Receiver::answering(Answer::Text(wrong)).unwrap(),
    );
    push_to(&stack, &server, PushFormat::Json);
    let session = stack.session("alice").await.unwrap();
    let payment = signed(&stack, &session, &order(&stack, "order_001"));
    stack
        .alice()
        .unwrap()
        .request_virtual_payment(&payment)
        .unwrap();
    for times in 1..=3 {
        let notice = sent(&stack, times).await;
        assert_eq!((notice.delivered, notice.attempts.len()), (false, times));
        if times < 3 {
            stack.control().advance(Duration::from_secs(15));
        }
    }
    let bodies: Vec<_> = server.received().into_iter().map(|one| one.body).collect();
    assert_eq!(bodies[0], bodies[1], "the same message again");

    let good = Receiver::answering(Answer::Text(SUCCESS)).unwrap();
    push_to(&stack, &good, PushFormat::Json);
    assert_eq!(stack.control().hurry_payment_notices(&stack.app.id), 1);
    assert!(sent(&stack, 4).await.delivered);
    assert_eq!(stack.control().hurry_payment_notices(&stack.app.id), 0);
}

#[tokio::test]
async fn a_refund_is_told_in_xml_and_counts_its_repeats() {
    let server = Receiver::answering(Answer::Text("<xml><ErrCode>1</ErrCode></xml>")).unwrap();
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    let payment = signed(&stack, &session, &order(&stack, "order_001"));
    stack
        .alice()
        .unwrap()
        .request_virtual_payment(&payment)
        .unwrap();
    sent(&stack, 1).await;

    push_to(&stack, &server, PushFormat::Xml);
    let path = format!("/sandbox/apps/{}/refund", stack.app.id);
    let too_much = json!({"out_trade_no": "order_001", "fee": 601});
    let request = stack.client.post(stack.url(&path)).json(&too_much);
    assert_eq!(request.send().await.unwrap().status(), 409);
    let unknown = json!({"out_trade_no": "order_002"});
    let request = stack.client.post(stack.url(&path)).json(&unknown);
    assert_eq!(request.send().await.unwrap().status(), 404);
    let request = stack
        .client
        .post(stack.url(&path))
        .json(&json!({"out_trade_no": "order_001"}));
    assert_eq!(
        json_of(request.send().await.unwrap()).await.unwrap(),
        json!({"ok": true})
    );

    let refunds = || {
        let bodies = server.received().into_iter().map(|one| one.body);
        bodies
            .filter(|body| body.contains("xpay_refund_notify"))
            .collect::<Vec<_>>()
    };
    let twice = async {
        while refunds().len() < 2 {
            stack.control().advance(Duration::from_secs(15));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), twice).await.unwrap();
    let refunds = refunds();
    assert!(
        refunds[0].contains("<RefundFee>600</RefundFee>"),
        "{}",
        refunds[0]
    );
    assert!(refunds[0].contains("<RetryTimes>0</RetryTimes>"));
    assert!(refunds[1].contains("<RetryTimes>1</RetryTimes>"));
}
