//! `POST /wechat/events/{appId}`: a message. The events on a user's data are acted on, all others
//! acknowledged.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::support::{Caller, SupportDesk};

use super::event;
use super::inbox::PushInboxes;
use crate::http::client_address::TrustedProxies;
use crate::http::error::ApiError;
use crate::http::parameters::Parameters;
use crate::http::raw_body::RawBody;

/// Answers `success`, bare, once everything is done: after any other answer WeChat sends the
/// message again, and what was deleted once is deleted.
#[utoipa::path(
    post,
    path = "/wechat/events/{appId}",
    tag = "push",
    operation_id = "receivePush",
    summary = "Take a message of WeChat's",
    params(
        ("appId" = String, Path, description = "The app."),
        ("signature" = Option<String>, Query, description = "WeChat's, over the token, timestamp and nonce."),
        ("timestamp" = Option<String>, Query, description = "Unix seconds."),
        ("nonce" = Option<String>, Query, description = "Random."),
        ("encrypt_type" = Option<String>, Query, description = "`aes` in safe mode."),
        ("msg_signature" = Option<String>, Query, description = "WeChat's, over the sealed message."),
    ),
    request_body(content((serde_json::Value = "application/json"), (String = "text/xml"))),
    responses((status = 200, description = "`success`, bare, once everything is done.", body = String, content_type = "text/plain")),
)]
pub(super) async fn receive(
    request: HttpRequest,
    RawBody(body): RawBody,
    inboxes: web::Data<PushInboxes>,
    desk: web::Data<SupportDesk>,
    proxies: web::Data<TrustedProxies>,
) -> Result<HttpResponse, ApiError> {
    let inbox = inboxes.named_in(&request)?;
    let message = inbox.open(&Parameters::of_query(&request), &body)?;
    let withdrawn = event::withdrawals(&message);
    if let Some(user) = event::user(&message).filter(|_| !withdrawn.is_empty()) {
        let caller = Caller {
            name: String::from("wechat"),
            from: proxies.client_of(&request),
        };
        let is_known = desk
            .withdraw(&inbox.app, &user, &withdrawn, &caller)
            .await?;
        tracing::info!(app_id = %inbox.app, is_known, ?withdrawn, "a user withdrew data at WeChat");
    }
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("success"))
}
