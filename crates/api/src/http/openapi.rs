//! The OpenAPI document: what the handlers say of themselves, put together.

mod failures;
mod finish;

use std::sync::LazyLock;

use actix_web::web::{ServiceConfig, get};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::endpoints::{
    admin, auth, avatars, document, jwks, login, me, metadata, page, personal_data, push, refresh,
    sessions,
};
use super::routes::resource;

/// The document, as it is served and printed.
static TEXT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&described()).unwrap_or_default());

/// The OpenAPI document in JSON.
pub(crate) fn text() -> &'static str {
    &TEXT
}

/// Adds the document and the page that shows it.
pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .service(resource("/openapi.json", "GET", [get().to(document::show)]))
        .service(resource("/docs", "GET", [get().to(page::show)]))
        .service(resource("/docs/", "GET", [get().to(page::show_below)]))
        .service(resource("/docs/{file}", "GET", [get().to(page::file)]));
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
    servers((url = "/", description = "The service this document is of.")),
    tags(
        (name = "user", description = "For mini programs."),
        (name = "auth", description = "For other backends, and the proxies in front of them."),
        (name = "admin", description = "The support desk, for the operator."),
        (name = "push", description = "For WeChat's message push."),
        (name = "about", description = "This document."),
    ),
    paths(
        login::login,
        login::login_by_get,
        refresh::refresh,
        sessions::log_out,
        me::show,
        me::edit,
        me::delete,
        me::export,
        avatars::upload,
        avatars::show,
        personal_data::phone,
        personal_data::open,
        personal_data::check,
        sessions::list,
        sessions::end,
        jwks::show,
        metadata::openid,
        metadata::oauth,
        document::show,
        page::show,
        page::show_below,
        page::file,
    ),
)]
struct Api;

fn described() -> utoipa::openapi::OpenApi {
    let mut document = Api::openapi();
    document.merge(auth::Api::openapi());
    document.merge(admin::Api::openapi());
    document.merge(push::Api::openapi());
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
