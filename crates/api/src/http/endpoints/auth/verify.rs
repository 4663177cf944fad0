//! `/auth/verify`: tells a gateway (nginx's auth_request, Traefik's forwardAuth, Caddy's
//! forward_auth, Envoy's ext_authz) who is asking, in headers that it hands on.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::Who;

endpoints! { verify; }

/// Tell a proxy who is asking
#[utoipa::path(
    method(get, head),
    path = "/auth/verify",
    description = "For nginx's auth_request, Traefik's forwardAuth, Caddy's forward_auth and Envoy's ext_authz. Any other method and any path below this one are answered in the same way; a CORS preflight is 204.",
    responses((status = 200, description = "A good token; who it is stands in the headers.",
        headers(
            ("X-User-Id" = String, description = "The user."),
            ("X-Open-Id" = String, description = "Their openid in the app."),
            ("X-App-Id" = String, description = "The app they logged in to."),
            ("X-Session-Id" = String, description = "The session."),
        ))),
    security(("token" = [])),
)]
async fn verify(Who(account): Who) -> HttpResponse {
    let (session, identity) = (&account.session, &account.identity);
    // All four headers, always: a gateway replaces those that a client has sent with these.
    HttpResponse::Ok()
        .insert_header((USER, uuid(session.user_id.as_uuid())))
        .insert_header((OPEN_ID, identity.open_id.as_str()))
        .insert_header((APP, identity.app_id.as_str()))
        .insert_header((SESSION, uuid(session.id.as_uuid())))
        .finish()
}

/// A CORS preflight never carries a token. A gateway that passes it on has to get it through to
/// the backend that knows the origins.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

const USER: HeaderName = HeaderName::from_static("x-user-id");
const OPEN_ID: HeaderName = HeaderName::from_static("x-open-id");
const APP: HeaderName = HeaderName::from_static("x-app-id");
const SESSION: HeaderName = HeaderName::from_static("x-session-id");

/// An id as a header's value, which a UUID always can be.
fn uuid(id: Uuid) -> HeaderValue {
    let text = &mut Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(text))
        .unwrap_or(HeaderValue::from_static(""))
}
