//! A stack with an API key for each scope.

use api::settings::{ApiKey, Scope, Secret};
use reqwest::Method;
use serde_json::Value;

use crate::stack::{Answer, Stack, Store};

/// May do everything. It has no name, so it is `key-1`.
pub(crate) const EVERYTHING: &str = "everything-0123456789";
pub(crate) const READER: &str = "reader-0123456789";
pub(crate) const WRITER: &str = "writer-0123456789";
pub(crate) const INTROSPECTOR: &str = "introspector-0123456789";
pub(crate) const TOKEN_TAKER: &str = "token-taker-0123456789";

pub(crate) const SIGNER: &str = "signer-0123456789";

pub(crate) fn keys() -> Vec<ApiKey> {
    let named = |name: &str, key: &str, scope| ApiKey {
        name: Some(name.to_owned()),
        key: Secret::new(key),
        scopes: Some(vec![scope]),
    };
    vec![
        ApiKey {
            name: None,
            key: Secret::new(EVERYTHING),
            scopes: None,
        },
        named("reader", READER, Scope::Read),
        named("writer", WRITER, Scope::Write),
        named("introspector", INTROSPECTOR, Scope::Introspect),
        named("token-taker", TOKEN_TAKER, Scope::WechatToken),
        named("signer", SIGNER, Scope::Sign),
    ]
}

pub(crate) async fn stack(store: Store) -> Stack {
    Stack::with(store, |settings| settings.admin.api_keys = keys()).await
}

/// Asks with the key that may do everything.
pub(crate) async fn ask(stack: &Stack, method: Method, path: &str) -> Answer {
    stack.send(method, path, Some(EVERYTHING), None).await
}

/// `GET`, which must succeed. Gives `data`.
pub(crate) async fn seen(stack: &Stack, path: &str) -> Value {
    ask(stack, Method::GET, path).await.data()
}

/// The `userId` in an answer.
pub(crate) fn id(of: &Value) -> &str {
    of["userId"].as_str().unwrap()
}

/// A login of `user` in one of the apps, which must succeed.
pub(crate) async fn logged_in_to(stack: &Stack, user: &str, app: usize) -> Value {
    let app_id = stack.app_id(app);
    let body = serde_json::json!({ "platCode": stack.code_in(user, &app_id), "appId": app_id });
    stack.login(&body).await.data()
}
