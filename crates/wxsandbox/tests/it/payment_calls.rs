//! The calls of virtual payment that both signatures are over.

use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wxsandbox::VirtualPayment;

use crate::payment::{hmac, virtual_payment};
use crate::stack::{Session, Stack, errcode, json_of};

const BALANCE: &str = "/xpay/query_user_balance";
const PAY: &str = "/xpay/currency_pay";
const GAME: &str = "/wxa/game/getbalance";

/// The query and body of a call, which a test can spoil.
struct Signed {
    path: &'static str,
    signature: String,
    pay_sig: String,
    body: String,
}

impl Signed {
    fn new(stack: &Stack, session: &Session, path: &'static str, body: &Value) -> Self {
        let body = body.to_string();
        let app_key = virtual_payment(stack).app_key;
        Self {
            path,
            signature: hmac(&session.key, &body),
            pay_sig: hmac(app_key.expose_secret(), &format!("{path}&{body}")),
            body,
        }
    }

    async fn send(&self, stack: &Stack) -> Value {
        let token = stack.token().await.unwrap();
        let query = [
            ("access_token", token.as_str()),
            ("signature", &self.signature),
            ("pay_sig", &self.pay_sig),
            ("sig_method", "hmac_sha256"),
        ];
        let request = stack.client.post(stack.url(self.path)).query(&query);
        let answer = request.body(self.body.clone()).send().await.unwrap();
        json_of(answer).await.unwrap()
    }
}

fn body(stack: &Stack, session: &Session, path: &str) -> Value {
    let mut body = json!({"openid": session.openid, "env": 0, "user_ip": "127.0.0.1"});
    if path == GAME {
        body["offer_id"] = json!(virtual_payment(stack).offer_id);
        body["ts"] = json!(1_750_000_000);
        body["zone_id"] = json!("1");
    }
    if path == PAY {
        body["amount"] = json!(30);
        body["order_id"] = json!("sword_01");
    }
    body
}

fn buy_coins(stack: &Stack, session: &Session, number: &str) {
    let offer = virtual_payment(stack);
    let sign_data = json!({
        "offerId": offer.offer_id, "buyQuantity": 100, "env": 0, "currencyType": "CNY",
        "outTradeNo": number, "attach": "",
    })
    .to_string();
    let text = format!("requestVirtualPayment&{sign_data}");
    let payment = VirtualPayment {
        mode: "short_series_coin".to_owned(),
        pay_sig: hmac(offer.app_key.expose_secret(), &text),
        signature: hmac(&session.key, &sign_data),
        sign_data,
    };
    let phone = stack.alice().unwrap();
    phone.request_virtual_payment(&payment).unwrap();
}

#[tokio::test]
async fn coins_are_bought_and_spent_once_for_an_order() {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    buy_coins(&stack, &session, "order_001");
    let told = stack.control().payment_notices(&stack.app.id).remove(0);
    assert_eq!(told.message["Event"], "xpay_coin_pay_notify");
    assert_eq!(told.message["CoinInfo"]["Quantity"], 100);

    let pay = Signed::new(&stack, &session, PAY, &body(&stack, &session, PAY));
    let paid = pay.send(&stack).await;
    assert_eq!((errcode(&paid), &paid["balance"]), (Some(0), &json!(70)));
    assert_eq!(
        errcode(&pay.send(&stack).await),
        Some(268_490_004),
        "the same order again"
    );
    let mut dear = body(&stack, &session, PAY);
    dear["order_id"] = json!("castle_01");
    dear["amount"] = json!(71);
    let dear = Signed::new(&stack, &session, PAY, &dear).send(&stack).await;
    assert_eq!(errcode(&dear), Some(268_490_006));

    for path in [BALANCE, GAME] {
        let call = Signed::new(&stack, &session, path, &body(&stack, &session, path));
        let balance = call.send(&stack).await;
        assert_eq!(balance["balance"], 70, "{path}: {balance}");
        assert_eq!(
            (&balance["sum_save"], &balance["sum_cost"]),
            (&json!(100), &json!(30))
        );
    }
}

#[rstest]
#[case(
    BALANCE,
    268_490_003,
    268_490_003,
    268_490_009,
    268_490_001,
    268_490_002
)]
#[case(PAY, 268_490_003, 268_490_003, 268_490_009, 268_490_001, 268_490_002)]
#[case(GAME, 90010, 90011, 90016, 40003, 90018)]
#[tokio::test]
async fn each_refusal_has_its_code(
    #[case] path: &'static str,
    #[case] signature: i64,
    #[case] pay_sig: i64,
    #[case] session_key: i64,
    #[case] openid: i64,
    #[case] parameter: i64,
) {
    let stack = Stack::open().unwrap();
    let session = stack.session("alice").await.unwrap();
    buy_coins(&stack, &session, "order_001");
    let good = body(&stack, &session, path);
    let call = || Signed::new(&stack, &session, path, &good);

    let mut upper = call();
    upper.signature = upper.signature.to_uppercase();
    assert_eq!(
        errcode(&upper.send(&stack).await),
        Some(signature),
        "upper case"
    );
    let mut upper = call();
    upper.pay_sig = upper.pay_sig.to_uppercase();
    assert_eq!(
        errcode(&upper.send(&stack).await),
        Some(pay_sig),
        "upper case"
    );
    let mut spaced = call();
    spaced.body.push(' ');
    assert_eq!(
        errcode(&spaced.send(&stack).await),
        Some(pay_sig),
        "another byte"
    );

    let mut foreign = good.clone();
    foreign["openid"] = json!("oAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let foreign = Signed::new(&stack, &session, path, &foreign);
    assert_eq!(errcode(&foreign.send(&stack).await), Some(openid));
    let mut other_env = good.clone();
    other_env["env"] = json!(2);
    let other_env = Signed::new(&stack, &session, path, &other_env);
    assert_eq!(errcode(&other_env.send(&stack).await), Some(parameter));

    assert_eq!(errcode(&call().send(&stack).await), Some(0));
    (stack.control())
        .replace_session_key("alice", &stack.app.id)
        .unwrap();
    assert_eq!(
        errcode(&call().send(&stack).await),
        Some(signature),
        "an older key"
    );
    (stack.control())
        .expire_session_key("alice", &stack.app.id)
        .unwrap();
    assert_eq!(errcode(&call().send(&stack).await), Some(session_key));
}
