//! `/admin/push`: delivered and waiting messages of the push relay.

use actix_web::web::Data;
use domain::push::{ListedPush, PushRelay, PushState};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{ByKey, Paging, Parameters, PathId, Read, Write};
use crate::http::replies::{Answer, ApiError, ErrorCode, Items, Nothing, Success, replies};

endpoints! {
    list_push;
    retry_push: [Conflict];
}

replies! {
    /// A message of WeChat's.
    pub(super) PushReply from message: ListedPush {
        /// Also the `webhook-id` that the target gets.
        id: Uuid = message.id,
        app_id: String = message.app.to_string(),
        /// The event's name, or `msg:` and the MsgType.
        event: String = message.event,
        /// `waiting`, `delivered` or `expired`.
        state: &'static str = message.state.as_str(),
        attempts: u32 = message.attempts,
        received_at: Timestamp = message.received_at,
        next_attempt_at?: Timestamp = message.next_attempt_at,
        last_error?: String = message.last_error,
    }
}

/// List messages that the push relay has, the oldest first
#[utoipa::path(
    get,
    path = "/admin/push",
    params(
        ("state" = Option<String>, Query, description = "`waiting`, `delivered` or `expired`."),
        Paging,
    ),
    responses((status = 200, description = "The messages.", body = Success<Items<PushReply>>)),
)]
async fn list_push(
    _: ByKey<Read>,
    paging: Paging,
    parameters: Parameters,
    relay: Data<PushRelay>,
) -> Answer<Items<PushReply>> {
    let state = parameters.get("state").map(|name| {
        PushState::from_name(name)
            .ok_or_else(|| ApiError::invalid("参数 state 应为 waiting、delivered 或 expired"))
    });
    let page = paging.page(|id| id);
    let found = relay.outbox.list(state.transpose()?, page).await?;
    Ok(paging.answer(found, |last| last.id, PushReply::from))
}

/// Send a waiting message now
#[utoipa::path(
    post,
    path = "/admin/push/{id}/retry",
    params(("id" = String, Path, format = "uuid", description = "The message.")),
    responses((status = 200, description = "It is due now.", body = Success<Nothing>)),
)]
async fn retry_push(
    key: ByKey<Write>,
    PathId(id): PathId,
    relay: Data<PushRelay>,
) -> Answer<Nothing> {
    match relay.retry(id, &key.caller).await? {
        Some(true) => Ok(Success::new("即将重新投递", Nothing {})),
        Some(false) => Err(ApiError::new(ErrorCode::Conflict)
            .saying("该消息已投递或已过期，内容已删除，无法重新投递")),
        None => Err(ApiError::new(ErrorCode::NotFound)),
    }
}
