//! An order of virtual payment, from the tap to the delivery.

use api::settings::Secret;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use wxcrypto::pay_signature;
use wxsandbox::{PushFormat, PushMode, VirtualPayment, VirtualPaymentFailure};

use crate::admin_stack::{SIGNER, ask, keys, seen};
use crate::push_stack::{AES_KEY, TOKEN, subscribe};
use crate::push_target::Target;
use crate::stack::{Answer, Stack, Store, soon};

/// The service with a shop behind it, and WeChat's console set up for both.
async fn shop(store: Store, target: &Target) -> Stack {
    let stack = Stack::with(store, |settings| {
        settings.admin.api_keys = keys();
        settings.apps[0].push_token = Some(Secret::new(TOKEN));
        settings.apps[0].push_aes_key = Some(Secret::new(AES_KEY));
        settings.apps[0].push_relay = vec![target.rule(&["xpay_*"])];
    })
    .await;
    subscribe(&stack, PushMode::Safe, PushFormat::Json);
    stack
}

fn config(stack: &Stack) -> wxsandbox::VirtualPaymentConfig {
    let app = stack.sandbox.control().apps().remove(0);
    app.virtual_payment.unwrap()
}

/// What the shop has signed by the service.
async fn sign(stack: &Stack, login: &Value, number: &str, check: bool) -> (String, Answer) {
    let text = json!({
        "offerId": config(stack).offer_id, "buyQuantity": 1, "env": 0, "currencyType": "CNY",
        "productId": "gems_100", "goodsPrice": 600, "outTradeNo": number, "attach": "",
    })
    .to_string();
    let body = json!({ "userId": login["userId"], "data": text, "checkSession": check });
    let path = "/auth/wechat-signature";
    let answer = stack
        .send(Method::POST, path, Some(SIGNER), Some(&body))
        .await;
    (text, answer)
}

/// The tap: the shop's order, signed twice.
async fn order(stack: &Stack, login: &Value, number: &str) -> VirtualPayment {
    let (sign_data, answer) = sign(stack, login, number, false).await;
    let app_key = config(stack).app_key;
    VirtualPayment {
        mode: "short_series_goods".to_owned(),
        pay_sig: pay_signature(&app_key, "requestVirtualPayment", sign_data.as_bytes()),
        signature: answer.data()["signature"].as_str().unwrap().to_owned(),
        sign_data,
    }
}

fn pay(stack: &Stack, payment: &VirtualPayment) -> Result<(), VirtualPaymentFailure> {
    let control = stack.sandbox.control();
    let phone = control.phone("alice", &stack.app_id(0)).unwrap();
    phone.request_virtual_payment(payment)
}

/// Waits until WeChat has been told that its message was understood.
async fn understood(stack: &Stack, count: usize) {
    let control = stack.sandbox.control();
    soon("WeChat's success", || async {
        let notices = control.payment_notices(&stack.app_id(0));
        let done = notices.iter().filter(|notice| notice.delivered).count();
        (done == count).then_some(())
    })
    .await;
}

/// The orders that the target was told of.
fn delivered(target: &Target) -> Vec<String> {
    let orders = target.received().into_iter().map(|message| {
        message.is_signed();
        let message: Value = serde_json::from_slice(&message.body).unwrap();
        message["OutTradeNo"].as_str().unwrap().to_owned()
    });
    orders.collect()
}

#[rstest]
#[tokio::test]
async fn an_order_goes_from_the_tap_to_the_delivery(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let target = Target::start(200, r#"{"ErrCode":0,"ErrMsg":"success"}"#);
    let stack = shop(store, &target).await;
    let login = stack.logged_in("alice").await;
    for number in ["order_001", "order_002"] {
        let payment = order(&stack, &login, number).await;
        assert_eq!(pay(&stack, &payment), Ok(()));
    }
    understood(&stack, 2).await;
    let mut orders = delivered(&target);
    orders.sort();
    assert_eq!(
        orders,
        ["order_001", "order_002"],
        "paid in one second by one user"
    );
}

#[tokio::test]
async fn with_a_session_key_that_wechat_has_replaced_or_ended_the_phone_logs_in_and_pays() {
    let target = Target::start(200, "");
    let stack = shop(Store::Sqlite, &target).await;
    let (control, app_id) = (stack.sandbox.control(), stack.app_id(0));
    let login = stack.logged_in("alice").await;
    for (step, code) in [("replaced", -15005), ("expired", -15007)] {
        if step == "replaced" {
            control.replace_session_key("alice", &app_id).unwrap();
        } else {
            control.expire_session_key("alice", &app_id).unwrap();
        }
        let number = format!("order_{step}");
        let payment = order(&stack, &login, &number).await;
        assert_eq!(pay(&stack, &payment).unwrap_err().code, code, "{step}");
        let (_, asked) = sign(&stack, &login, &number, true).await;
        asked.refused(409, "session_key_stale");

        let login = stack.logged_in("alice").await;
        let (_, asked) = sign(&stack, &login, &number, true).await;
        assert_eq!(asked.status, 200, "{step}");
        let payment = order(&stack, &login, &number).await;
        assert_eq!(pay(&stack, &payment), Ok(()), "{step}");
    }
    understood(&stack, 2).await;
    assert_eq!(delivered(&target).len(), 2);
}

#[tokio::test]
async fn a_login_on_a_second_device_leaves_the_first_able_to_pay() {
    let target = Target::start(200, "");
    let stack = shop(Store::Sqlite, &target).await;
    let replica = stack.replica().await;
    let first = stack.logged_in("alice").await;
    let before = order(&stack, &first, "order_001").await;

    let control = stack.sandbox.control();
    let second_device = control.phone("alice", &stack.app_id(0)).unwrap();
    let code = second_device.login_with_fresh_key().unwrap();
    let body = json!({ "platCode": code });
    let path = "/user/wxlogin";
    replica
        .send(Method::POST, path, None, Some(&body))
        .await
        .data();

    let refused = pay(&stack, &before);
    assert_eq!(
        refused.unwrap_err().code,
        -15005,
        "signed with the older key"
    );
    let again = order(&stack, &first, "order_001").await;
    assert_eq!(pay(&stack, &again), Ok(()));
    understood(&stack, 1).await;
}

#[rstest]
#[tokio::test]
async fn an_order_that_is_paid_while_the_shop_is_down_is_delivered_when_it_is_back(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let target = Target::start(503, "down");
    let stack = shop(store, &target).await;
    let login = stack.logged_in("alice").await;
    let payment = order(&stack, &login, "order_001").await;
    assert_eq!(pay(&stack, &payment), Ok(()));
    understood(&stack, 1).await;

    target.answers(200, "");
    let waiting = seen(&stack, "/admin/push?state=waiting").await;
    let id = waiting["items"][0]["id"].as_str().unwrap().to_owned();
    ask(&stack, Method::POST, &format!("/admin/push/{id}/retry"))
        .await
        .data();
    soon("the delivery", || async {
        let done = seen(&stack, "/admin/push?state=delivered").await;
        (done["items"][0]["id"] == id.as_str()).then_some(())
    })
    .await;
    assert_eq!(delivered(&target), ["order_001", "order_001"]);
}

#[tokio::test]
async fn wechat_repeats_a_payment_that_the_service_was_too_far_away_to_hear_of() {
    let target = Target::start(200, "");
    let mut stack = shop(Store::Sqlite, &target).await;
    let login = stack.logged_in("alice").await;
    let payment = order(&stack, &login, "order_001").await;
    let app_id = stack.app_id(0);
    let nowhere = |app: &mut wxsandbox::AppConfig| {
        let push = app.push.as_mut().unwrap();
        push.url = "http://127.0.0.1:1/".to_owned();
    };
    stack
        .sandbox
        .control()
        .change_app(&app_id, nowhere)
        .unwrap();
    assert_eq!(pay(&stack, &payment), Ok(()));
    soon("an attempt that failed", || async {
        let notices = stack.sandbox.control().payment_notices(&app_id);
        let notice = notices.first()?;
        (notice.next_ms.is_some() && !notice.attempts.is_empty()).then_some(())
    })
    .await;

    stack.restart().await;
    subscribe(&stack, PushMode::Safe, PushFormat::Xml);
    assert_eq!(stack.sandbox.control().hurry_payment_notices(&app_id), 1);
    understood(&stack, 1).await;
    let received = target.received();
    let text = String::from_utf8_lossy(&received[0].body).into_owned();
    assert!(
        text.contains("<OutTradeNo><![CDATA[order_001]]></OutTradeNo>"),
        "{text}"
    );
}
