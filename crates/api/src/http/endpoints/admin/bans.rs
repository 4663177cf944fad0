//! `/admin/bans`: bans of users whose account was deleted while disabled.

use domain::ports::Ban;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, PathId, Read, Write};
use crate::http::replies::{Answer, Items, Nothing, Success, replies};

endpoints! { list_bans; lift_ban; }

replies! {
    /// A disabled user who was deleted, or one of whose identities was.
    pub(super) BanReply from ban: Ban {
        /// The audit entry of the deletion.
        id: Uuid = ban.id,
        /// When the account or the identity was deleted.
        at: Timestamp = ban.at,
        /// The deleted user, as the audit log names them.
        user_id: Uuid = ban.user_id.as_uuid(),
        /// The apps in which the deleted identities were.
        app_ids: Vec<String> = ban.app_ids.iter().map(ToString::to_string).collect(),
    }
}

/// List who stays shut out after their account was deleted
#[utoipa::path(
    get,
    path = "/admin/bans",
    params(Paging),
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
