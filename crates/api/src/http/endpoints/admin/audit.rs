//! `GET /admin/audit`: who did what.

use domain::audit::{AuditAction, AuditEntry, AuditQuery};
use domain::id::UserId;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::{Desk, Paging, Parameters, Read, admin_query};
use crate::http::replies::{Answer, ApiError, Items, Success, replies};

endpoints! { list_audit; }

replies! {
    /// An entry of the audit log.
    pub(super) AuditReply from entry: AuditEntry {
        id: Uuid = entry.id,
        at: Timestamp = entry.at,
        /// The name of an API key, `user`, `wechat` or `operator`.
        actor: String = entry.actor.as_str().to_owned(),
        action: &'static str = entry.action.as_str(),
        user_id?: Uuid = entry.user_id.map(|user| user.as_uuid()),
        /// What else it was done to: an appid, or the id of a merge candidate, a ban or a key.
        subject?: String = entry.subject,
        from_ip?: String = entry.from.map(|from| from.to_string()),
    }
}

/// Read the audit log
#[utoipa::path(
    get,
    path = "/admin/audit",
    params(
        ("userId" = Option<String>, Query, format = "uuid", description = "About this user."),
        ("action" = Option<String>, Query, description = "Of this action, such as disable_user."),
        Paging,
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
