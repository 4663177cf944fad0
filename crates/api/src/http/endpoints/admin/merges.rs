//! `/admin/merges`: pairs of users who are probably one person, and the decision of the operator.

use actix_web::{HttpRequest, web};
use domain::ports::{MergeCandidate, MergeOutcome};
use domain::support::SupportDesk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::extractors::{ByKey, Paging, Parameters, PathId, Read, Write};
use crate::http::replies::{ApiError, ErrorCode, Items, Nothing, Success};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    endpoint!(list),
    endpoint!(apply, [Conflict]),
    endpoint!(dismiss),
];

/// Two users who have shown one unionid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergeReply {
    #[schema(format = "uuid")]
    id: String,
    union_id: String,
    /// Who would go.
    #[schema(format = "uuid")]
    user_id: String,
    /// Who would remain.
    #[schema(format = "uuid")]
    union_user_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When `userId` was disabled, if they are.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    user_disabled_at: Option<String>,
    /// When `unionUserId` was disabled, if they are.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    union_user_disabled_at: Option<String>,
}

/// Who remains of two users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergedReply {
    #[schema(format = "uuid")]
    user_id: String,
}

/// List users who seem to be one person
#[utoipa::path(
    get,
    path = "/admin/merges",
    tag = "admin",
    operation_id = "listMerges",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
    responses((status = 200, description = "The open ones.", body = Success<Items<MergeReply>>)),
    security(("apiKey" = [])),
)]
async fn list(
    _: ByKey<Read>,
    request: HttpRequest,
    desk: web::Data<SupportDesk>,
) -> Result<Success<Items<MergeReply>>, ApiError> {
    let paging = Paging::of(&Parameters::of_query(&request))?;
    let found = desk.merges.open_candidates(paging.page(|id| id)).await?;
    Ok(paging.answer(found, |last| last.id, MergeReply::from))
}

/// Make two users one
#[utoipa::path(
    post,
    path = "/admin/merges/{id}/apply",
    tag = "admin",
    operation_id = "applyMerge",
    params(("id" = String, Path, format = "uuid", description = "The candidate.")),
    responses((status = 200, description = "Who remains.", body = Success<MergedReply>)),
    security(("apiKey" = [])),
)]
async fn apply(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<MergedReply>, ApiError> {
    match desk.apply_merge(id, &key.caller).await? {
        MergeOutcome::Applied(remaining) => {
            let user_id = remaining.to_string();
            Ok(Success::new("账号已合并", MergedReply { user_id }))
        }
        MergeOutcome::OneIsDisabled => Err(ApiError::new(ErrorCode::Conflict)
            .saying("两个账号一个已停用、一个未停用，请先把两个都停用或都恢复，再合并")),
        MergeOutcome::NotOpen => Err(not_open()),
    }
}

/// Leave two users two
#[utoipa::path(
    post,
    path = "/admin/merges/{id}/dismiss",
    tag = "admin",
    operation_id = "dismissMerge",
    params(("id" = String, Path, format = "uuid", description = "The candidate.")),
    responses((status = 200, description = "Dismissed.", body = Success<Nothing>)),
    security(("apiKey" = [])),
)]
async fn dismiss(
    key: ByKey<Write>,
    PathId(id): PathId,
    desk: web::Data<SupportDesk>,
) -> Result<Success<Nothing>, ApiError> {
    if desk.dismiss_merge(id, &key.caller).await? {
        Ok(Success::new("已忽略", Nothing {}))
    } else {
        Err(not_open())
    }
}

fn not_open() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

impl From<MergeCandidate> for MergeReply {
    fn from(candidate: MergeCandidate) -> Self {
        Self {
            id: candidate.id.to_string(),
            union_id: candidate.union_id.to_string(),
            user_id: candidate.user_id.to_string(),
            union_user_id: candidate.union_user_id.to_string(),
            created_at: candidate.created_at.to_string(),
            user_disabled_at: candidate.user_disabled_at.map(|at| at.to_string()),
            union_user_disabled_at: candidate.union_user_disabled_at.map(|at| at.to_string()),
        }
    }
}
