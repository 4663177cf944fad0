//! `GET /admin/audit`: who did what.

use domain::audit::{AuditAction, AuditEntry, AuditQuery};
use domain::id::UserId;
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, Parameters, Read, admin_query};
use crate::http::replies::{Answer, ApiError, Items, Success};

endpoints! { list_audit; }

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditReply {
    id: Uuid,
    at: Timestamp,
    /// The name of an API key, `user`, `wechat` or `operator`.
    actor: String,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    /// What else it was done to: an appid, or the id of a merge candidate, a ban or a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_ip: Option<String>,
}

/// Read the audit log
#[utoipa::path(
    get,
    path = "/admin/audit",
    params(
        ("userId" = Option<String>, Query, format = "uuid", description = "About this user."),
        ("action" = Option<String>, Query, description = "Of this action, such as disable_user."),
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 50 unless told otherwise."),
    ),
    responses((status = 200, description = "Those that match all of it, the newest first.", body = Success<Items<AuditReply>>)),
)]
async fn list_audit(
    desk: Desk<Read>,
    paging: Paging,
    parameters: Parameters,
) -> Answer<Items<AuditReply>> {
    admin_query::check_filters(&parameters, &["userId", "action"])?;
    let query = AuditQuery {
        user_id: parameters.get("userId").map(user_id).transpose()?,
        action: parameters.get("action").map(action).transpose()?,
    };
    let found = desk.audit.search(&query, paging.page(|id| id)).await?;
    Ok(paging.answer(found, |last| last.id, AuditReply::from))
}

fn user_id(text: &str) -> Result<UserId, ApiError> {
    let id = Uuid::try_parse(text);
    id.map(UserId::new)
        .map_err(|_| ApiError::invalid("参数 userId 应为 UUID"))
}

fn action(name: &str) -> Result<AuditAction, ApiError> {
    AuditAction::from_name(name).ok_or_else(|| {
        let names: Vec<_> = AuditAction::ALL
            .iter()
            .map(|action| action.as_str())
            .collect();
        ApiError::invalid(format!("参数 action 未知，可用的有 {}", names.join("、")))
    })
}

impl From<AuditEntry> for AuditReply {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            actor: entry.actor.as_str().to_owned(),
            action: entry.action.as_str(),
            user_id: entry.user_id.map(|user| user.as_uuid()),
            subject: entry.subject,
            from_ip: entry.from.map(|from| from.to_string()),
        }
    }
}
