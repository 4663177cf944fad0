//! `/auth`: for the team's other backends and the proxies in front of them.

mod client;
mod introspect;
mod verify;
mod wechat_signature;
mod wechat_token;

use actix_web::HttpResponse;
use actix_web::guard::fn_guard;
use actix_web::web::{self, ServiceConfig, get, post};
use utoipa::OpenApi;

use crate::http::routes::{HttpState, resource, resource_for_any_method};

pub(crate) use wechat_signature::SignatureLimit;

pub(crate) use verify::is_preflight;

/// Whether a path is one that gateways ask, `/auth/verify` or below.
pub(crate) fn is_for_gateways(path: &str) -> bool {
    let tail = path.strip_prefix("/auth/verify");
    tail.is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
}

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(paths(
    verify::verify,
    introspect::introspect,
    wechat_token::show,
    wechat_token::report,
    wechat_signature::sign,
))]
pub(crate) struct Api;

/// Adds the paths. Those for holders of an API key are there if there is a key.
pub(crate) fn configure(routes: &mut ServiceConfig, state: &HttpState) {
    // Gateways ask with the method, and some with the path, of the request they hold.
    for path in ["/auth/verify", "/auth/verify/{tail:.*}"] {
        let preflight = web::route().guard(fn_guard(verify::is_preflight_head));
        let verify = [
            get().to(verify::verify),
            preflight.to(HttpResponse::NoContent),
            web::route().to(verify::verify),
        ];
        routes.service(resource_for_any_method(path, verify));
    }
    if state.api_keys.is_empty() {
        return;
    }
    let token = [
        get().to(wechat_token::show),
        post().to(wechat_token::report),
    ];
    routes
        .service(resource(
            "/auth/introspect",
            "POST",
            [post().to(introspect::introspect)],
        ))
        .service(resource("/auth/wechat-token", "GET, POST", token))
        .service(resource(
            "/auth/wechat-signature",
            "POST",
            [post().to(wechat_signature::sign)],
        ));
}
