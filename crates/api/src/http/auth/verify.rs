//! `GET /auth/verify`: tells a proxy (nginx's auth_request, Traefik's forwardAuth, Caddy's
//! forward_auth) who is asking, in headers it hands on.

use actix_web::HttpResponse;
use domain::session::SessionAccount;

use crate::http::who::Who;

/// Answers with who is asking, bare.
#[utoipa::path(
    method(get, head),
    path = "/auth/verify",
    tag = "auth",
    operation_id = "verify",
    summary = "Tell a proxy who is asking",
    description = "For nginx's auth_request, Traefik's forwardAuth and Caddy's forward_auth.",
    responses((status = 200, description = "A good token; who it is stands in the headers.",
        headers(
            ("X-User-Id" = String, description = "The user."),
            ("X-Open-Id" = String, description = "Their openid in the app."),
            ("X-App-Id" = String, description = "The app they logged in to."),
            ("X-Session-Id" = String, description = "The session."),
        ))),
    security(("token" = [])),
)]
pub(super) async fn verify(Who(account): Who) -> HttpResponse {
    let SessionAccount {
        session, identity, ..
    } = account;
    HttpResponse::Ok()
        .insert_header(("x-user-id", session.user_id.to_string()))
        .insert_header(("x-open-id", identity.open_id.as_str()))
        .insert_header(("x-app-id", identity.app_id.as_str()))
        .insert_header(("x-session-id", session.id.to_string()))
        .finish()
}
