//! A user, as answers show them. What is not known is left out.

use domain::profile::{Gender, Profile};
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::user::{Identity, User};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who the user is to the mini program.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityNames {
    open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
}

impl From<&Identity> for IdentityNames {
    fn from(identity: &Identity) -> Self {
        Self {
            open_id: identity.open_id.to_string(),
            union_id: identity.union_id.as_ref().map(ToString::to_string),
        }
    }
}

/// What the user shows of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 2)]
    gender: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

impl From<&Profile> for ProfileFields {
    fn from(profile: &Profile) -> Self {
        let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        // 0 says that it is not known.
        let gender = profile.gender.map(Gender::number);
        Self {
            nick_name: known(&profile.nick_name),
            gender: gender.filter(|number| *number != 0),
            language: known(&profile.language),
            city: known(&profile.city),
            province: known(&profile.province),
            country: known(&profile.country),
            avatar_url: known(&profile.avatar_url),
        }
    }
}

/// The user's own view of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserReply {
    #[serde(flatten)]
    identity: IdentityNames,
    #[serde(flatten)]
    profile: ProfileFields,
    user_id: Uuid,
    /// Whether there is a `phone`.
    phone_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// In E.164.
    phone: Option<String>,
    created_at: Timestamp,
    last_login_at: Timestamp,
}

impl UserReply {
    pub(crate) fn new(account: &SessionAccount) -> Self {
        Self::of_changed(account, &account.user)
    }

    /// The user of `account` as they have become.
    pub(crate) fn of_changed(account: &SessionAccount, user: &User) -> Self {
        Self {
            user_id: user.id.as_uuid(),
            phone_bound: user.phone.is_some(),
            phone: user.phone.clone(),
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            identity: (&account.identity).into(),
            profile: (&user.profile).into(),
        }
    }
}
