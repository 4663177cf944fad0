//! Everything stored about a user, as they may take it with them.

use domain::account::{AccountExport, AccountIdentity};
use domain::audit::AuditEntry;
use domain::profile::Gender;
use domain::session::ListedSession;
use domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportReply {
    user: ExportedUser,
    identities: Vec<ExportedIdentity>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
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
struct ExportedIdentity {
    app_id: String,
    open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_login_at: String,
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
            nick_name: user.profile.nick_name,
            avatar_url: user.profile.avatar_url,
            gender: user.profile.gender.map(Gender::number),
            language: user.profile.language,
            country: user.profile.country,
            province: user.profile.province,
            city: user.profile.city,
            phone: user.phone,
            created_at: user.created_at.to_string(),
            last_login_at: user.last_login_at.to_string(),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
        }
    }
}

impl From<AccountIdentity> for ExportedIdentity {
    fn from(known: AccountIdentity) -> Self {
        Self {
            app_id: known.identity.app_id.to_string(),
            open_id: known.identity.open_id.to_string(),
            union_id: known.identity.union_id.map(|id| id.to_string()),
            created_at: known.created_at.to_string(),
            last_login_at: known.last_login_at.to_string(),
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
            actor: entry.actor,
            action: entry.action.as_str(),
            subject: entry.subject,
        }
    }
}
