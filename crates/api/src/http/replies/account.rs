//! An account, as the support desk sees it.

use domain::account::{Account, AccountIdentity};
use domain::profile::Profile;
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{IdentityNames, ProfileFields};

/// The user as they see themselves, with all their identities. The openid at the top is the one
/// they last logged in with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountReply {
    /// There always is one: an account goes with its last identity.
    #[serde(flatten)]
    #[schema(value_type = IdentityNames)]
    latest: Option<IdentityNames<'static>>,
    #[serde(flatten, with = "ProfileFields")]
    #[schema(value_type = ProfileFields)]
    profile: Profile,
    user_id: Uuid,
    phone_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    created_at: Timestamp,
    last_login_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Timestamp>,
    identities: Vec<IdentityReply>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityReply {
    app_id: String,
    #[serde(flatten)]
    names: IdentityNames<'static>,
    created_at: Timestamp,
    last_login_at: Timestamp,
}

impl From<Account> for AccountReply {
    fn from(account: Account) -> Self {
        let Account { user, identities } = account;
        let latest = identities
            .iter()
            .max_by_key(|identity| identity.last_login_at)
            .map(|latest| IdentityNames::from(&latest.identity).into_owned());
        Self {
            latest,
            profile: user.profile,
            user_id: user.id.as_uuid(),
            phone_bound: user.phone.is_some(),
            phone: user.phone,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            disabled_at: user.disabled_at,
            identities: identities.into_iter().map(IdentityReply::from).collect(),
        }
    }
}

impl From<AccountIdentity> for IdentityReply {
    fn from(known: AccountIdentity) -> Self {
        Self {
            app_id: known.identity.app_id.to_string(),
            names: IdentityNames::from(&known.identity).into_owned(),
            created_at: known.created_at,
            last_login_at: known.last_login_at,
        }
    }
}
