//! What an order, its delivery and a phone number must not leave in log, answers, metrics and database.

use std::io::Read;
use std::net::SocketAddr;

use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use wxcrypto::pay_signature;
use wxsandbox::{
    AppConfig, Control, OpenDataOptions, PushConfig, PushFormat, PushMode, RunningSandbox, Sandbox,
    SandboxConfig, VirtualPayment,
};

use crate::admin_stack::SIGNER;
use crate::program::{Program, command};
use crate::push_stack::{AES_KEY, TOKEN};
use crate::push_target::{SECRET, Target};
use crate::stack::{Answer, soon};

/// In the order, and so in the message on it.
const PERSONAL: &str = "attached-by-the-shop";

async fn post(url: String, token: Option<&str>, body: &Value) -> Value {
    let request = Client::new().post(url).json(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    Answer::read(request.send().await.unwrap()).await.data()
}

/// The service at its most talkative, with a shop that gets the messages on payments.
fn start(folder: &TempDir, sandbox: &RunningSandbox, app: &AppConfig, target: &Target) -> Program {
    let apps = json!([{
        "app_id": app.app_id, "secret": app.secret.expose_secret(),
        "push_token": TOKEN, "push_aes_key": AES_KEY,
        "push_relay": [{ "events": ["xpay_*"], "url": target.url(), "secret": SECRET }],
    }]);
    let keys = json!([{ "name": "shop", "key": SIGNER, "scopes": ["sign"] }]);
    let mut command = command(folder);
    command
        .env("RUST_LOG", "trace")
        .env("WXLOGIN_WECHAT__BASE_URL", sandbox.base_url())
        .env("WXLOGIN_APPS", apps.to_string())
        .env("WXLOGIN_ADMIN__API_KEYS", keys.to_string());
    Program::start(command)
}

fn subscribe(control: &Control, app_id: &str, service: &str) {
    let push = PushConfig {
        url: format!("{service}/wechat/events/{app_id}"),
        token: TOKEN.into(),
        encoding_aes_key: AES_KEY.into(),
        mode: PushMode::Safe,
        format: PushFormat::Json,
    };
    let subscribe = |app: &mut wxsandbox::AppConfig| app.push = Some(push);
    control.change_app(app_id, subscribe).unwrap();
}

/// The database's files, as far as they are text.
fn database(folder: &TempDir) -> String {
    let files = std::fs::read_dir(folder.path().join("data")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let bytes: Vec<u8> = paths
        .filter(|path| path.to_string_lossy().contains("wxlogin.db"))
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn log_answers_metrics_and_database_hold_no_secret_of_an_order() {
    let config = SandboxConfig::default();
    let app = config.apps()[0].clone();
    let sandbox = Sandbox::start(config, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let control = sandbox.control();
    // It takes nothing, so that the message is stored.
    let target = Target::start(503, "down");
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(&folder, &sandbox, &app, &target);
    let mut stderr = program.stderr();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let service = program.address_after("serves on ");
    let ops = program.address_after("metrics on ");
    subscribe(control, &app.app_id, &service);

    let phone = control.phone("alice", &app.app_id).unwrap();
    let body = json!({ "platCode": phone.login().unwrap() });
    let login = post(format!("{service}/user/wxlogin"), None, &body).await;
    let shop = app.virtual_payment.unwrap();
    let sign_data = json!({
        "offerId": shop.offer_id, "buyQuantity": 1, "env": 0, "currencyType": "CNY",
        "productId": "gems", "goodsPrice": 6, "outTradeNo": "order_001", "attach": PERSONAL,
    })
    .to_string();
    let body = json!({ "userId": login["userId"], "data": sign_data, "checkSession": true });
    let url = format!("{service}/auth/wechat-signature");
    let signed = post(url, Some(SIGNER), &body).await;
    let signature = signed["signature"].as_str().unwrap().to_owned();
    let payment = VirtualPayment {
        mode: "short_series_goods".to_owned(),
        pay_sig: pay_signature(&shop.app_key, "requestVirtualPayment", sign_data.as_bytes()),
        signature: signature.clone(),
        sign_data,
    };
    phone.request_virtual_payment(&payment).unwrap();
    let notices = soon("WeChat's success", || async {
        let notices = control.payment_notices(&app.app_id);
        notices[0].delivered.then_some(notices)
    })
    .await;
    let grant = phone.phone_number(&OpenDataOptions::default()).unwrap();
    let body = json!({ "code": grant.code });
    let token = login["token"].as_str();
    let user = post(format!("{service}/user/phone"), token, &body).await;
    assert_eq!(user["phone"], "+8613800138000");
    let metrics = Client::new().get(format!("{ops}/metrics")).send();
    let metrics = metrics.await.unwrap().text().await.unwrap();
    program.terminate();
    assert!(program.wait_unread().success());
    let log = log.join().unwrap();
    let database = database(&folder);

    assert!(log.contains("TRACE"), "the log was not talkative at all");
    let session_key = control.session_key("alice", &app.app_id).unwrap().unwrap();
    let session_key = session_key.expose_secret();
    let answers = json!([login, signed, user, notices]).to_string();
    let whsec = SECRET.trim_start_matches("whsec_");
    let everywhere = [&answers, &log, &metrics, &database];
    for (name, secret) in [
        ("session_key", session_key),
        ("AppSecret", app.secret.expose_secret()),
        ("API key", SIGNER),
        ("push_aes_key", AES_KEY),
        ("the target's secret", whsec),
    ] {
        for text in everywhere {
            assert!(
                !text.contains(secret),
                "{name} is in {}",
                around(text, secret)
            );
        }
    }
    for (name, secret) in [
        ("signature", signature.as_str()),
        ("order", PERSONAL),
        ("phone code", &grant.code),
        ("phone number", "13800138000"),
    ] {
        assert!(
            !log.contains(secret),
            "{name} is in {}",
            around(&log, secret)
        );
        assert!(!metrics.contains(secret), "{name} is in a metric");
    }
    for secret in [PERSONAL, signature.as_str(), "order_001"] {
        assert!(
            !database.contains(secret),
            "{secret} is in the database in clear"
        );
    }
}

fn around<'a>(text: &'a str, secret: &str) -> &'a str {
    text.lines()
        .find(|line| line.contains(secret))
        .unwrap_or_default()
}
