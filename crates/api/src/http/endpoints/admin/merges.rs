//! `/admin/merges`: pairs of users who are probably one person, and the decision of the operator.

use domain::id::UserId;
use domain::ports::{MergeCandidate, MergeOutcome};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, PathId, Read, Write};
use crate::http::replies::{Answer, ApiError, ErrorCode, Items, Nothing, Success, replies};

endpoints! {
    list_merges;
    apply_merge: [Conflict];
    dismiss_merge;
}

replies! {
    /// Two users who have shown one unionid.
    pub(super) MergeReply from candidate: MergeCandidate {
        id: Uuid = candidate.id,
        union_id: String = candidate.union_id.to_string(),
        /// Who would go.
        user_id: Uuid = candidate.user_id.as_uuid(),
        /// Who would remain.
        union_user_id: Uuid = candidate.union_user_id.as_uuid(),
        created_at: Timestamp = candidate.created_at,
        /// When `userId` was disabled, if they are.
        user_disabled_at?: Timestamp = candidate.user_disabled_at,
        /// When `unionUserId` was disabled, if they are.
        union_user_disabled_at?: Timestamp = candidate.union_user_disabled_at,
    }

    /// Who remains of two users.
    pub(super) MergedReply from remaining: UserId {
        user_id: Uuid = remaining.as_uuid(),
    }
}

/// List users who seem to be one person
#[utoipa::path(
    get,
    path = "/admin/merges",
    params(Paging),
    responses((status = 200, description = "The open ones.", body = Success<Items<MergeReply>>)),
)]
async fn list_merges(desk: Desk<Read>, paging: Paging) -> Answer<Items<MergeReply>> {
    let found = desk.merges.open_candidates(paging.page(|id| id)).await?;
    Ok(paging.answer(found, |last| last.id, MergeReply::from))
}

/// Make two users one
#[utoipa::path(
    post,
    path = "/admin/merges/{id}/apply",
    params(("id" = String, Path, format = "uuid", description = "The candidate.")),
    responses((status = 200, description = "Who remains.", body = Success<MergedReply>)),
)]
async fn apply_merge(desk: Desk<Write>, PathId(id): PathId) -> Answer<MergedReply> {
    match desk.apply_merge(id, &desk.caller).await? {
        MergeOutcome::Applied(remaining) => Ok(Success::new("账号已合并", remaining.into())),
        MergeOutcome::OneIsDisabled => Err(ApiError::new(ErrorCode::Conflict)
            .saying("两个账号一个已停用、一个未停用，请先把两个都停用或都恢复，再合并")),
        MergeOutcome::NotOpen => Err(ApiError::new(ErrorCode::NotFound)),
    }
}

/// Leave two users two
#[utoipa::path(
    post,
    path = "/admin/merges/{id}/dismiss",
    params(("id" = String, Path, format = "uuid", description = "The candidate.")),
    responses((status = 200, description = "Dismissed.", body = Success<Nothing>)),
)]
async fn dismiss_merge(desk: Desk<Write>, PathId(id): PathId) -> Answer<Nothing> {
    let is_dismissed = desk.dismiss_merge(id, &desk.caller).await?;
    Success::found("已忽略", is_dismissed.then_some(Nothing {}))
}
