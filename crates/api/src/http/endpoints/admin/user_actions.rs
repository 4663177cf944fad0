//! Changes of users by the support desk. Each change writes an audit entry.

use domain::id::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, PathId, Write};
use crate::http::replies::{AccountReply, Answer, Nothing, Success};

endpoints! { disable_user; enable_user; delete_user; end_sessions; }

/// Shut a user out
#[utoipa::path(
    post,
    path = "/admin/users/{id}/disable",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user, disabled; all sessions have ended.", body = Success<AccountReply>)),
)]
async fn disable_user(desk: Desk<Write>, PathId(id): PathId) -> Answer<AccountReply> {
    let account = desk.disable(UserId::new(id), &desk.caller).await?;
    Success::found("账号已停用", account)
}

/// Let a user in again
#[utoipa::path(
    post,
    path = "/admin/users/{id}/enable",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user, enabled.", body = Success<AccountReply>)),
)]
async fn enable_user(desk: Desk<Write>, PathId(id): PathId) -> Answer<AccountReply> {
    let account = desk.enable(UserId::new(id), &desk.caller).await?;
    Success::found("账号已恢复", account)
}

/// Delete a user with all personal data
#[utoipa::path(
    delete,
    path = "/admin/users/{id}",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user is gone.", body = Success<Nothing>)),
)]
async fn delete_user(desk: Desk<Write>, PathId(id): PathId) -> Answer<Nothing> {
    let is_deleted = desk.delete(UserId::new(id), &desk.caller).await?;
    Success::found("账号已注销", is_deleted.then_some(Nothing {}))
}

/// How many sessions were live.
#[derive(Serialize, ToSchema)]
pub(super) struct EndedReply {
    ended: usize,
}

/// Log a user out everywhere
#[utoipa::path(
    delete,
    path = "/admin/users/{id}/sessions",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "How many sessions were live.", body = Success<EndedReply>)),
)]
async fn end_sessions(desk: Desk<Write>, PathId(id): PathId) -> Answer<EndedReply> {
    let ended = desk.end_sessions(UserId::new(id), &desk.caller).await?;
    Success::found("已退出全部登录", ended.map(|ended| EndedReply { ended }))
}
