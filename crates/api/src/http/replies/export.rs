//! Everything stored about a user, as they may take it with them.

use domain::account::{Account, AccountExport};
use domain::audit::AuditEntry;
use domain::profile::Profile;
use domain::session::ListedSession;
use domain::time::Timestamp;
use domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    user_id: Uuid,
    #[serde(flatten, with = "ProfileFields")]
    #[schema(value_type = ProfileFields)]
    profile: Profile,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    created_at: Timestamp,
    last_login_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedSession {
    id: Uuid,
    app_id: String,
    generation: u32,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
struct ExportedAudit {
    at: Timestamp,
    actor: String,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

impl From<AccountExport> for ExportReply {
    fn from(export: AccountExport) -> Self {
        let Account { user, identities } = export.account;
        let others = export.merge_candidates.iter();
        Self {
            user: user.into(),
            identities: identities.into_iter().map(Into::into).collect(),
            sessions: export.sessions.into_iter().map(Into::into).collect(),
            audit: export.audit.into_iter().map(Into::into).collect(),
            merge_candidates: others.map(ToString::to_string).collect(),
        }
    }
}

impl From<User> for ExportedUser {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.as_uuid(),
            profile: user.profile,
            phone: user.phone,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            disabled_at: user.disabled_at,
        }
    }
}

impl From<ListedSession> for ExportedSession {
    fn from(listed: ListedSession) -> Self {
        Self {
            id: listed.session.id.as_uuid(),
            app_id: listed.app_id.to_string(),
            generation: listed.session.generation.number(),
            created_at: listed.session.created_at,
            last_used_at: listed.session.last_used_at,
            expires_at: listed.session.expires_at,
            ended_at: listed.session.ended_at,
        }
    }
}

impl From<AuditEntry> for ExportedAudit {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at,
            actor: entry.actor.as_str().to_owned(),
            action: entry.action.as_str(),
            subject: entry.subject,
        }
    }
}
