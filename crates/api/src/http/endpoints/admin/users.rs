//! `GET /admin/users` and `GET /admin/users/{id}`: find users.

use domain::account::AccountQuery;
use domain::id::{OpenId, UnionId, UserId};

use super::phone_query;
use crate::http::endpoint::endpoints;
use crate::http::extractors::fields::check_storable;
use crate::http::extractors::{Desk, Paging, Parameters, PathId, Read, admin_query};
use crate::http::replies::{AccountReply, Answer, ApiError, Items, Success};

endpoints! { search_users; show_user; }

/// Look users up
#[utoipa::path(
    get,
    path = "/admin/users",
    params(
        ("openId" = Option<String>, Query, description = "WeChat's name of the user in one mini program."),
        ("unionId" = Option<String>, Query, description = "WeChat's name of the user in an open platform."),
        ("phone" = Option<String>, Query, description = "In E.164; a mainland Chinese number may come without its country."),
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
    responses((status = 200, description = "Those that match all of it.", body = Success<Items<AccountReply>>)),
)]
async fn search_users(
    desk: Desk<Read>,
    paging: Paging,
    parameters: Parameters,
) -> Answer<Items<AccountReply>> {
    let query = account_query(&parameters)?;
    let found = desk
        .accounts
        .search(&query, paging.page(UserId::new))
        .await?;
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
