//! `/admin/merges`: pairs of users who are probably one person, and the decision of the operator.

use domain::ports::{MergeCandidate, MergeOutcome};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, PathId, Read, Write};
use crate::http::replies::{Answer, ApiError, ErrorCode, Items, Nothing, Success};

endpoints! {
    list_merges;
    apply_merge: [Conflict];
    dismiss_merge;
}

/// Two users who have shown one unionid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergeReply {
    id: Uuid,
    union_id: String,
    /// Who would go.
    user_id: Uuid,
    /// Who would remain.
    union_user_id: Uuid,
    created_at: Timestamp,
    /// When `userId` was disabled, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_disabled_at: Option<Timestamp>,
    /// When `unionUserId` was disabled, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    union_user_disabled_at: Option<Timestamp>,
}

/// Who remains of two users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergedReply {
    user_id: Uuid,
}

/// List users who seem to be one person
#[utoipa::path(
    get,
    path = "/admin/merges",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
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
        MergeOutcome::Applied(remaining) => {
            let user_id = remaining.as_uuid();
            Ok(Success::new("账号已合并", MergedReply { user_id }))
        }
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

impl From<MergeCandidate> for MergeReply {
    fn from(candidate: MergeCandidate) -> Self {
        Self {
            id: candidate.id,
            union_id: candidate.union_id.to_string(),
            user_id: candidate.user_id.as_uuid(),
            union_user_id: candidate.union_user_id.as_uuid(),
            created_at: candidate.created_at,
            user_disabled_at: candidate.user_disabled_at,
            union_user_disabled_at: candidate.union_user_disabled_at,
        }
    }
}
