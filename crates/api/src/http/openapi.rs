//! The OpenAPI document, made from the documents of the endpoints.

mod failures;
mod finish;

use std::sync::LazyLock;

use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::endpoints::{FOR_KEYS, OPEN};

/// The document, as it is served and printed.
static TEXT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&described()).unwrap_or_default());

pub(crate) fn text() -> &'static str {
    &TEXT
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "wxlogin",
        description = "The login backend for WeChat Mini Programs.\n\n\
            A success is `{\"code\":200,\"msg\":\"…\",\"data\":…}`; a failure has its HTTP status \
            and the body `Failure`. Unknown fields of a body are ignored, and `null` is as absent. \
            Without a configured API key there is nothing at `/admin`, `/auth/introspect` and \
            `/auth/wechat-token`.",
        version = env!("CARGO_PKG_VERSION"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This service.")),
    tags(
        (name = "user", description = "For mini programs."),
        (name = "auth", description = "For other backends, and the proxies in front of them."),
        (name = "admin", description = "The support desk, for the operator."),
        (name = "push", description = "For WeChat's message push."),
        (name = "about", description = "This document."),
    ),
)]
struct Api;

fn described() -> utoipa::openapi::OpenApi {
    let mut document = Api::openapi();
    for endpoint in OPEN.iter().chain(FOR_KEYS).copied().flatten() {
        let mut part = (endpoint.document)();
        finish::describe(&mut part, endpoint.failures);
        document.merge(part);
    }
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("token", "The `token` of a login."),
        ("apiKey", "One of `admin.api_keys`."),
    ] {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some(description.to_owned());
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
    let mut basic = Http::new(HttpAuthScheme::Basic);
    basic.description = Some("The name of one of `admin.api_keys`, and the key.".to_owned());
    components.add_security_scheme("apiKeyByName", SecurityScheme::Http(basic));
    finish::finish(&mut document);
    document
}
