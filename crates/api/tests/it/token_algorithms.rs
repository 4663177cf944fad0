//! `tokens.algorithm`, `tokens.audience`, and what other backends are told about them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::SigningAlgorithm;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, Store};

async fn get(stack: &Stack, path: &str) -> Answer {
    stack.send(Method::GET, path, None, None).await
}

/// A part of a token: 0 the header, 1 the claims.
fn part(login: &Value, number: usize) -> Value {
    let token = login["token"].as_str().unwrap();
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn key_types(stack: &Stack) -> Vec<Value> {
    let keys = get(stack, "/.well-known/jwks.json").await.body;
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kty"].clone()).collect()
}

#[rstest]
#[tokio::test]
async fn a_change_of_algorithm_ends_no_session(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::new(store).await;
    let mut logins = vec![stack.logged_in("alice").await];
    let mut types = vec![json!("OKP")];
    for (algorithm, kty) in [
        (SigningAlgorithm::Es256, "EC"),
        (SigningAlgorithm::Rs256, "RSA"),
        (SigningAlgorithm::EdDsa, ""),
    ] {
        stack
            .restart_with(|settings| settings.tokens.algorithm = algorithm)
            .await;
        if !kty.is_empty() {
            types.insert(0, json!(kty));
        }
        assert_eq!(key_types(&stack).await, types);
        // The new key is published, and does not sign yet.
        let login = stack.logged_in("bob").await;
        assert_eq!(part(&login, 0), part(&logins[0], 0));
        logins.push(login);
        for login in &logins {
            stack.me(&login["token"]).await.data();
            let body = json!({ "refreshToken": login["refreshToken"] });
            let refreshed = stack.send(Method::POST, "/user/refresh", None, Some(&body));
            refreshed.await.data();
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_first_key_ever_signs_at_once_whatever_its_algorithm(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(SigningAlgorithm::Es256, SigningAlgorithm::Rs256)] algorithm: SigningAlgorithm,
) {
    let stack = Stack::with(store, |settings| {
        settings.tokens.algorithm = algorithm;
        settings.tokens.audience = vec![String::from("orders"), String::from("chat")];
        settings.admin.api_keys = crate::admin_stack::keys();
    })
    .await;
    let login = stack.logged_in("alice").await;
    assert_eq!(part(&login, 0)["alg"], algorithm.as_str());
    assert_eq!(part(&login, 1)["aud"], json!(["orders", "chat"]));
    let told = stack
        .request(Method::POST, "/auth/introspect")
        .bearer_auth(crate::admin_stack::INTROSPECTOR)
        .form(&[("token", login["token"].as_str().unwrap())]);
    let told = Answer::read(told.send().await.unwrap()).await.body;
    assert_eq!(
        (&told["active"], &told["aud"]),
        (&json!(true), &json!(["orders", "chat"]))
    );
}

#[tokio::test]
async fn other_backends_find_the_keys_by_the_issuer() {
    let mut stack = Stack::with(Store::Sqlite, |settings| {
        settings.tokens.issuer = String::from("https://login.example.com/wx");
    })
    .await;
    let paths = [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    for path in paths {
        let answer = get(&stack, path).await;
        assert_eq!(answer.status, 200);
        let told = answer.body;
        assert_eq!(told["issuer"], "https://login.example.com/wx");
        let keys = "https://login.example.com/wx/.well-known/jwks.json";
        assert_eq!(told["jwks_uri"], keys);
        let introspection = "https://login.example.com/wx/auth/introspect";
        assert_eq!(told["introspection_endpoint"], introspection);
        assert_eq!(
            told["id_token_signing_alg_values_supported"],
            json!(["EdDSA"])
        );
    }
    stack
        .restart_with(|settings| settings.tokens.algorithm = SigningAlgorithm::Rs256)
        .await;
    let told = get(&stack, paths[0]).await.body;
    // Both are published; the old one signs until the new one has been published for a while.
    let algorithms = &told["id_token_signing_alg_values_supported"];
    assert_eq!(algorithms, &json!(["EdDSA", "RS256"]));
    stack
        .restart_with(|settings| settings.tokens.issuer = String::from("wxlogin"))
        .await;
    for path in paths {
        get(&stack, path).await.refused(404, "not_found");
    }
}
