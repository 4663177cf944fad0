//! `/wechat/events/{appId}`: by GET WeChat's console verifies the address, by POST it sends a message. The
//! events on a user's data are acted on, the push relay passes on what its rules name, all else is
//! acknowledged.

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::audit::{AuditActor, Caller};
use domain::id::AppId;
use domain::support::SupportDesk;

use super::event;
use super::inbox::{Message, PushInboxes};
use super::relay::{Relay, message_id};
use crate::http::endpoint::endpoints;
use crate::http::extractors::{Parameters, RawBody, TrustedProxies};
use crate::http::replies::ApiError;

endpoints! {
    verify_push_address: [Forbidden];
    receive_push: [Forbidden, StorageUnavailable];
}

/// Let WeChat check the address
#[utoipa::path(
    get,
    path = "/wechat/events/{appId}",
    params(
        ("appId" = String, Path, description = "The app."),
        ("signature" = Option<String>, Query, description = "WeChat's, over the token, timestamp and nonce."),
        ("timestamp" = Option<String>, Query, description = "Unix seconds."),
        ("nonce" = Option<String>, Query, description = "Random."),
        ("echostr" = String, Query, description = "What to answer.")
    ),
    responses((status = 200, description = "The `echostr`, bare.", body = String, content_type = "text/plain")),
)]
async fn verify_push_address(
    request: HttpRequest,
    query: Parameters,
    inboxes: Data<PushInboxes>,
) -> Result<HttpResponse, ApiError> {
    let inbox = inboxes.named_in(&request)?;
    inbox.verify(&request)?;
    let echo = query.get("echostr");
    let echo = echo.ok_or_else(|| ApiError::invalid("缺少参数 echostr"))?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(echo.to_owned()))
}

// Answers `success`, bare, once everything is done: after any other answer WeChat sends the
// message again, and what was deleted once is deleted.
/// Take a message of WeChat's
#[utoipa::path(
    post,
    path = "/wechat/events/{appId}",
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
async fn receive_push(
    request: HttpRequest,
    RawBody(body): RawBody,
    inboxes: Data<PushInboxes>,
    desk: Data<SupportDesk>,
    proxies: Data<TrustedProxies>,
    relay: Data<Relay>,
) -> Result<HttpResponse, ApiError> {
    let inbox = inboxes.named_in(&request)?;
    let message = inbox.open(&request, body, relay.use_case.clock.now())?;
    if event::concerns_user_data(&message.fields) {
        let caller = Caller {
            actor: AuditActor::Wechat,
            from: proxies.client_of(&request),
        };
        obey(&inbox.app, &message, &desk, &caller).await?;
    }
    if let Some(answer) = relay.pass_on(inbox, &message).await? {
        return Ok(answer);
    }
    if event::is_of_a_payment(&message.fields) {
        tracing::warn!(
            app_id = %inbox.app,
            event = message.fields.get("event"),
            "a payment notice matched no rule of push_relay, so it was not forwarded"
        );
    }
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("success"))
}

/// Deletes what a user has withdrawn at WeChat.
async fn obey(
    app: &AppId,
    pushed: &Message,
    desk: &SupportDesk,
    caller: &Caller,
) -> Result<(), ApiError> {
    let message = &pushed.fields;
    let event = message.get("event").unwrap_or_default();
    if event::revokes_nothing(message) {
        tracing::warn!(app_id = %app, event, "a pushed event has no RevokeInfo, so nothing was deleted");
    }
    let withdrawn = event::withdrawals(message);
    let Some(user) = event::user(message) else {
        tracing::warn!(app_id = %app, event, "a pushed event has no user, so nothing was deleted");
        return Ok(());
    };
    if withdrawn.is_empty() {
        return Ok(());
    }
    let id = message_id(app, pushed);
    if desk.withdraw(app, &user, &withdrawn, id, caller).await? {
        tracing::info!(app_id = %app, event, ?withdrawn, "a user withdrew data at WeChat");
    } else {
        tracing::warn!(app_id = %app, event, "a pushed event names a user who is not known here");
    }
    Ok(())
}
