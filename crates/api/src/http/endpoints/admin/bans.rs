//! `/admin/bans`: bans of users whose account was deleted while disabled.

use domain::ban::Ban;
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, PathId, Read, Write};
use crate::http::replies::{Answer, Items, Nothing, Success};

endpoints! { list_bans; lift_ban; }

/// A disabled user who was deleted, or one of whose identities was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BanReply {
    /// The audit entry of the deletion.
    id: Uuid,
    /// When the account or the identity was deleted.
    at: Timestamp,
    /// The deleted user, as the audit log names them.
    user_id: Uuid,
    /// The apps in which the deleted identities were.
    app_ids: Vec<String>,
}

/// List who stays shut out after their account was deleted
#[utoipa::path(
    get,
    path = "/admin/bans",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
    responses((status = 200, description = "Disabled users who were deleted.", body = Success<Items<BanReply>>)),
)]
async fn list_bans(desk: Desk<Read>, paging: Paging) -> Answer<Items<BanReply>> {
    let found = desk.bans.list(paging.page(|id| id)).await?;
    Ok(paging.answer(found, |last| last.id, BanReply::from))
}

/// Lift a ban
#[utoipa::path(
    delete,
    path = "/admin/bans/{id}",
    params(("id" = String, Path, format = "uuid", description = "The ban.")),
    responses((status = 200, description = "Lifted.", body = Success<Nothing>)),
)]
async fn lift_ban(desk: Desk<Write>, PathId(id): PathId) -> Answer<Nothing> {
    let is_lifted = desk.lift_ban(id, &desk.caller).await?;
    Success::found("封禁已解除", is_lifted.then_some(Nothing {}))
}

impl From<Ban> for BanReply {
    fn from(ban: Ban) -> Self {
        Self {
            id: ban.id,
            at: ban.at,
            user_id: ban.user_id.as_uuid(),
            app_ids: ban.app_ids.iter().map(ToString::to_string).collect(),
        }
    }
}
