//! `/admin/bans`: bans of users whose account was deleted while disabled.

use actix_web::{HttpRequest, web};
use domain::ban::Ban;
use domain::support::SupportDesk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::extractors::{ByKey, Paging, Parameters, PathId, Read, Write};
use crate::http::replies::{ApiError, ErrorCode, Items, Nothing, Success};

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(list), endpoint!(lift)];

/// A disabled user who was deleted, or one of whose identities was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BanReply {
    /// The audit entry of the deletion.
    #[schema(format = "uuid")]
    id: String,
    /// When the account or the identity was deleted.
    #[schema(format = DateTime)]
    at: String,
    /// The deleted user, as the audit log names them.
    #[schema(format = "uuid")]
    user_id: String,
    /// The apps in which the deleted identities were.
    app_ids: Vec<String>,
}

/// List who stays shut out after their account was deleted
#[utoipa::path(
    get,
    path = "/admin/bans",
    tag = "admin",
    operation_id = "listBans",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
    responses((status = 200, description = "Disabled users who were deleted.", body = Success<Items<BanReply>>)),
    security(("apiKey" = [])),
)]
async fn list(
    _: ByKey<Read>,
    request: HttpRequest,
    desk: web::Data<SupportDesk>,
) -> Result<Success<Items<BanReply>>, ApiError> {
    let paging = Paging::of(&Parameters::of_query(&request))?;
    let found = desk.bans.list(paging.page(|id| id)).await?;
    Ok(paging.answer(found, |last| last.id, BanReply::from))
}

/// Lift a ban
#[utoipa::path(
    delete,
    path = "/admin/bans/{id}",
    tag = "admin",
    operation_id = "liftBan",
    params(("id" = String, Path, format = "uuid", description = "The ban.")),
    responses((status = 200, description = "Lifted.", body = Success<Nothing>)),
    security(("apiKey" = [])),
)]
async fn lift(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<Nothing>, ApiError> {
    if desk.lift_ban(id, &key.caller).await? {
        Ok(Success::new("封禁已解除", Nothing {}))
    } else {
        Err(ApiError::new(ErrorCode::NotFound))
    }
}

impl From<Ban> for BanReply {
    fn from(ban: Ban) -> Self {
        Self {
            id: ban.id.to_string(),
            at: ban.at.to_string(),
            user_id: ban.user_id.to_string(),
            app_ids: ban.app_ids.iter().map(ToString::to_string).collect(),
        }
    }
}
