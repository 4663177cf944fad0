//! Changes of users by the support desk. Each change writes an audit entry.

use actix_web::web;
use domain::id::UserId;
use domain::support::SupportDesk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::extractors::{ByKey, PathId, Write};
use crate::http::replies::{AccountReply, ApiError, ErrorCode, Nothing, Success};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    endpoint!(disable),
    endpoint!(enable),
    endpoint!(delete_user),
    endpoint!(end_sessions),
];

/// Shut a user out
#[utoipa::path(
    post,
    path = "/admin/users/{id}/disable",
    tag = "admin",
    operation_id = "disableUser",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user, disabled; all sessions have ended.", body = Success<AccountReply>)),
    security(("apiKey" = [])),
)]
async fn disable(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<AccountReply>, ApiError> {
    let account = desk.disable(UserId::new(id), &key.caller).await?;
    Ok(Success::new("账号已停用", account.ok_or_else(gone)?.into()))
}

/// Let a user in again
#[utoipa::path(
    post,
    path = "/admin/users/{id}/enable",
    tag = "admin",
    operation_id = "enableUser",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user, enabled.", body = Success<AccountReply>)),
    security(("apiKey" = [])),
)]
async fn enable(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<AccountReply>, ApiError> {
    let account = desk.enable(UserId::new(id), &key.caller).await?;
    Ok(Success::new("账号已恢复", account.ok_or_else(gone)?.into()))
}

/// Delete a user with all personal data
#[utoipa::path(
    delete,
    path = "/admin/users/{id}",
    tag = "admin",
    operation_id = "deleteUser",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user is gone.", body = Success<Nothing>)),
    security(("apiKey" = [])),
)]
async fn delete_user(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<Nothing>, ApiError> {
    if desk.delete(UserId::new(id), &key.caller).await? {
        Ok(Success::new("账号已注销", Nothing {}))
    } else {
        Err(gone())
    }
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
    tag = "admin",
    operation_id = "endSessions",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "How many sessions were live.", body = Success<EndedReply>)),
    security(("apiKey" = [])),
)]
async fn end_sessions(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<EndedReply>, ApiError> {
    let ended = desk.end_sessions(UserId::new(id), &key.caller).await?;
    let ended = ended.ok_or_else(gone)?;
    Ok(Success::new("已退出全部登录", EndedReply { ended }))
}

fn gone() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}
