//! A user, as the support desk sees them.

use domain::account::{Account, AccountIdentity};
use serde::Serialize;
use utoipa::ToSchema;

use super::user::ProfileFields;

/// The user as they see themselves, with all their identities. The openid at the top is the one
/// they last logged in with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountReply {
    /// There always is one: an account goes with its last identity.
    #[serde(flatten)]
    #[schema(value_type = ProfileFields)]
    profile: Option<ProfileFields>,
    #[schema(format = "uuid")]
    user_id: String,
    phone_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_login_at: String,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<String>,
    identities: Vec<IdentityReply>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct IdentityReply {
    app_id: String,
    open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_login_at: String,
}

impl From<Account> for AccountReply {
    fn from(account: Account) -> Self {
        let Account { user, identities } = account;
        let latest = identities
            .iter()
            .max_by_key(|identity| identity.last_login_at)
            .map(|latest| latest.identity.clone());
        Self {
            profile: latest.map(|identity| ProfileFields::new(&identity, &user.profile)),
            user_id: user.id.to_string(),
            phone_bound: user.phone.is_some(),
            phone: user.phone,
            created_at: user.created_at.to_string(),
            last_login_at: user.last_login_at.to_string(),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
            identities: identities.into_iter().map(IdentityReply::from).collect(),
        }
    }
}

impl From<AccountIdentity> for IdentityReply {
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
