//! `/admin/users`: find users, and change them. Each change writes an audit entry.

use domain::account::AccountQuery;
use domain::id::{OpenId, UnionId, UserId};

use super::phone_query;
use crate::http::endpoint::endpoints;
use crate::http::extractors::fields::check_storable;
use crate::http::extractors::{Desk, Paging, Parameters, PathId, Read, Write, admin_query};
use crate::http::replies::{AccountReply, Answer, ApiError, Items, Nothing, Success, replies};

endpoints! { search_users; show_user; disable_user; enable_user; delete_user; end_sessions; }

/// Look users up
#[utoipa::path(
    get,
    path = "/admin/users",
    params(
        ("openId" = Option<String>, Query, description = "WeChat's name of the user in one mini program."),
        ("unionId" = Option<String>, Query, description = "WeChat's name of the user in an open platform."),
        ("phone" = Option<String>, Query, description = "In E.164; a mainland Chinese number may come without its country."),
        Paging,
    ),
    responses((status = 200, description = "Those that match all of it.", body = Success<Items<AccountReply>>)),
)]
async fn search_users(
    desk: Desk<Read>,
    paging: Paging,
    parameters: Parameters,
) -> Answer<Items<AccountReply>> {
    let query = account_query(&parameters)?;
    let page = paging.page(UserId::new);
    let found = desk.accounts.search(&query, page).await?;
    Ok(paging.answer(found, |last| last.user.id.as_uuid(), AccountReply::from))
}

/// Show one user
#[utoipa::path(
    get,
    path = "/admin/users/{id}",
    params(("id" = String, Path, format = "uuid", description = "The user.")),
    responses((status = 200, description = "The user.", body = Success<AccountReply>)),
)]
async fn show_user(desk: Desk<Read>, PathId(id): PathId) -> Answer<AccountReply> {
    Success::found("ok", desk.accounts.find(UserId::new(id)).await?)
}

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

replies! {
    /// How many sessions were live.
    pub(super) EndedReply from ended: usize {
        ended: usize = ended,
    }
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
    Success::found("已退出全部登录", ended)
}

fn account_query(parameters: &Parameters) -> Result<AccountQuery, ApiError> {
    admin_query::check_filters(parameters, &["openId", "unionId", "phone"])?;
    let text = |name| match parameters.get(name) {
        Some(text) => check_storable(name, text).map(|()| Some(text)),
        None => Ok(None),
    };
    let phones = parameters.get("phone").map(phone_query::candidates);
    Ok(AccountQuery {
        open_id: text("openId")?.map(OpenId::new),
        union_id: text("unionId")?.map(UnionId::new),
        phones: phones.transpose()?.unwrap_or_default(),
    })
}
