//! Everything stored about a user, as they may take it with them.

use domain::account::AccountExport;
use domain::audit::AuditEntry;
use domain::session::ListedSession;
use domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;

use super::{IdentityReply, ProfileFields};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportReply {
    user: ExportedUser,
    identities: Vec<IdentityReply>,
    sessions: Vec<ExportedSession>,
    audit: Vec<ExportedAudit>,
    /// Users they may be one person with.
    merge_candidates: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedUser {
    #[schema(format = "uuid")]
    user_id: String,
    #[serde(flatten)]
    profile: ProfileFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_login_at: String,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedSession {
    #[schema(format = "uuid")]
    id: String,
    app_id: String,
    generation: u32,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ExportedAudit {
    #[schema(format = DateTime)]
    at: String,
    actor: String,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

impl From<AccountExport> for ExportReply {
    fn from(export: AccountExport) -> Self {
        Self {
            user: export.account.user.into(),
            identities: export
                .account
                .identities
                .into_iter()
                .map(Into::into)
                .collect(),
            sessions: export.sessions.into_iter().map(Into::into).collect(),
            audit: export.audit.into_iter().map(Into::into).collect(),
            merge_candidates: export
                .merge_candidates
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

impl From<User> for ExportedUser {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.to_string(),
            profile: (&user.profile).into(),
            phone: user.phone,
            created_at: user.created_at.to_string(),
            last_login_at: user.last_login_at.to_string(),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
        }
    }
}

impl From<ListedSession> for ExportedSession {
    fn from(listed: ListedSession) -> Self {
        Self {
            id: listed.session.id.to_string(),
            app_id: listed.app_id.to_string(),
            generation: listed.session.generation.number(),
            created_at: listed.session.created_at.to_string(),
            last_used_at: listed.session.last_used_at.to_string(),
            expires_at: listed.session.expires_at.to_string(),
            ended_at: listed.session.ended_at.map(|at| at.to_string()),
        }
    }
}

impl From<AuditEntry> for ExportedAudit {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at.to_string(),
            actor: entry.actor.as_str().to_owned(),
            action: entry.action.as_str(),
            subject: entry.subject,
        }
    }
}
