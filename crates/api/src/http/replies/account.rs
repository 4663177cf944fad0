//! An account, as the support desk sees it, and everything stored about a user, as they may take it with
//! them.

use domain::account::{Account, AccountExport, AccountIdentity};
use domain::audit::AuditEntry;
use domain::profile::Profile;
use domain::session::ListedSession;
use domain::time::Timestamp;
use domain::user::User;
use uuid::Uuid;

use super::{IdentityNames, ProfileFields};

replies! {
    /// The user as they see themselves, with all their identities. The openid at the top is the one
    /// they last logged in with.
    pub(crate) AccountReply from account: Account {
        /// There always is one: an account goes with its last identity.
        #[serde(flatten)]
        #[schema(value_type = IdentityNames)]
        latest: Option<IdentityNames<'static>> = latest(&account.identities),
        #[serde(flatten, with = "ProfileFields")]
        #[schema(value_type = ProfileFields)]
        profile: Profile = account.user.profile,
        user_id: Uuid = account.user.id.as_uuid(),
        phone_bound: bool = account.user.phone.is_some(),
        phone?: String = account.user.phone,
        created_at: Timestamp = account.user.created_at,
        last_login_at: Timestamp = account.user.last_login_at,
        disabled_at?: Timestamp = account.user.disabled_at,
        identities: Vec<IdentityReply> = all(account.identities),
    }

    pub(crate) IdentityReply from known: AccountIdentity {
        app_id: String = known.identity.app_id.to_string(),
        #[serde(flatten)]
        names: IdentityNames<'static> = IdentityNames::from(&known.identity).into_owned(),
        created_at: Timestamp = known.created_at,
        last_login_at: Timestamp = known.last_login_at,
    }

    pub(crate) ExportReply from export: AccountExport {
        user: ExportedUser = export.account.user.into(),
        identities: Vec<IdentityReply> = all(export.account.identities),
        sessions: Vec<ExportedSession> = all(export.sessions),
        audit: Vec<ExportedAudit> = all(export.audit),
        /// Users they may be one person with.
        merge_candidates: Vec<String> = export.merge_candidates.iter().map(ToString::to_string).collect(),
    }

    ExportedUser from user: User {
        user_id: Uuid = user.id.as_uuid(),
        #[serde(flatten, with = "ProfileFields")]
        #[schema(value_type = ProfileFields)]
        profile: Profile = user.profile,
        phone?: String = user.phone,
        created_at: Timestamp = user.created_at,
        last_login_at: Timestamp = user.last_login_at,
        disabled_at?: Timestamp = user.disabled_at,
    }

    ExportedSession from listed: ListedSession {
        id: Uuid = listed.session.id.as_uuid(),
        app_id: String = listed.app_id.to_string(),
        generation: u32 = listed.session.generation.number(),
        created_at: Timestamp = listed.session.created_at,
        last_used_at: Timestamp = listed.session.last_used_at,
        expires_at: Timestamp = listed.session.expires_at,
        ended_at?: Timestamp = listed.session.ended_at,
    }

    ExportedAudit from entry: AuditEntry {
        at: Timestamp = entry.at,
        actor: String = entry.actor.as_str().to_owned(),
        action: &'static str = entry.action.as_str(),
        subject?: String = entry.subject,
    }
}

fn latest(identities: &[AccountIdentity]) -> Option<IdentityNames<'static>> {
    let latest = identities.iter().max_by_key(|known| known.last_login_at)?;
    Some(IdentityNames::from(&latest.identity).into_owned())
}

fn all<T, R: From<T>>(stored: Vec<T>) -> Vec<R> {
    stored.into_iter().map(R::from).collect()
}
