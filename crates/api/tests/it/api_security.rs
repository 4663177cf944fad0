//! API signing and encryption, where an app has it switched on.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;
use wxclient::security::ApiSecurityKeys;
use wxsandbox::{ApiSecurityConfig, OpenDataOptions};

use crate::stack::{Answer, Stack, Store};

const SYMMETRIC_KEY: &str = "otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=";
const SYMMETRIC_SERIAL: &str = "fa05fe1e5bcc79b81ad5ad4b58acf787";
const PLATFORM_SERIAL: &str = "79ba700ea147819f640941bceb38b1d1";

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

#[tokio::test]
async fn an_app_whose_calls_must_be_signed_gets_its_phone_numbers() {
    let mut stack = Stack::new(Store::Sqlite).await;
    let app_id = stack.app_id(0);
    let ours = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public_key = pem("PUBLIC KEY", ours.public_key().as_der().unwrap().as_ref());
    let console = |app: &mut wxsandbox::AppConfig| {
        app.api_security = Some(ApiSecurityConfig {
            required: true,
            aes_sn: String::from(SYMMETRIC_SERIAL),
            aes_key: SYMMETRIC_KEY.into(),
            public_key_pem: public_key,
            certificate_sn: String::from(PLATFORM_SERIAL),
        });
    };
    stack
        .sandbox
        .control()
        .change_app(&app_id, console)
        .unwrap();

    let in_clear = ask(&stack).await;
    in_clear.refused(500, "wechat_misconfigured");

    let platform_certificate = stack.sandbox.control().platform_public_key().unwrap();
    let private_key = pem("PRIVATE KEY", ours.as_der().unwrap().as_ref());
    stack
        .restart_with(|settings| {
            settings.apps[0].api_security = Some(ApiSecurityKeys {
                symmetric_key: SYMMETRIC_KEY.into(),
                symmetric_key_serial: String::from(SYMMETRIC_SERIAL),
                private_key: private_key.into(),
                private_key_serial: String::from("1"),
                platform_certificate,
                platform_certificate_serial: String::from(PLATFORM_SERIAL),
            });
        })
        .await;
    assert_eq!(ask(&stack).await.data()["phone"], "+8613800138000");
}

/// Alice logs in and gives her phone number.
async fn ask(stack: &Stack) -> Answer {
    let login = stack.logged_in("alice").await;
    let phone = stack.phone("alice");
    let code = phone
        .phone_number(&OpenDataOptions::default())
        .unwrap()
        .code;
    let body = json!({ "code": code });
    stack
        .send(
            Method::POST,
            "/user/phone",
            login["token"].as_str(),
            Some(&body),
        )
        .await
}
