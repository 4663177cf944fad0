//! A user, as answers show them. What is not known is left out.

use std::borrow::Cow;

use domain::id::UnionId;
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
pub(crate) struct IdentityNames<'a> {
    open_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Identity> for IdentityNames<'a> {
    fn from(identity: &'a Identity) -> Self {
        let union_id = identity.union_id.as_ref().map(UnionId::as_str);
        Self {
            open_id: identity.open_id.as_str().into(),
            union_id: union_id.map(Cow::Borrowed),
        }
    }
}

impl IdentityNames<'_> {
    /// The same, for a reply that outlives the identity.
    pub(crate) fn into_owned(self) -> IdentityNames<'static> {
        IdentityNames {
            open_id: Cow::Owned(self.open_id.into_owned()),
            union_id: self.union_id.map(|id| Cow::Owned(id.into_owned())),
        }
    }
}

/// How a [`Profile`] is shown.
#[derive(Serialize, ToSchema)]
#[schema(description = "What the user shows of themselves.")]
#[serde(remote = "Profile", rename_all = "camelCase")]
pub(crate) struct ProfileFields {
    #[serde(skip_serializing_if = "field::is_empty")]
    nick_name: Option<String>,
    #[serde(
        serialize_with = "field::number",
        skip_serializing_if = "field::is_unknown"
    )]
    #[schema(value_type = Option<i16>, minimum = 1, maximum = 2)]
    gender: Option<Gender>,
    #[serde(skip_serializing_if = "field::is_empty")]
    language: Option<String>,
    #[serde(skip_serializing_if = "field::is_empty")]
    city: Option<String>,
    #[serde(skip_serializing_if = "field::is_empty")]
    province: Option<String>,
    #[serde(skip_serializing_if = "field::is_empty")]
    country: Option<String>,
    #[serde(skip_serializing_if = "field::is_empty")]
    avatar_url: Option<String>,
}

/// Does not compile if a field of the profile is not shown.
const _: fn(ProfileFields) -> Profile = |shown| Profile {
    nick_name: shown.nick_name,
    gender: shown.gender,
    language: shown.language,
    city: shown.city,
    province: shown.province,
    country: shown.country,
    avatar_url: shown.avatar_url,
};

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
mod field {
    use domain::profile::Gender;
    use serde::{Serialize, Serializer};

    pub(super) fn is_empty(text: &Option<String>) -> bool {
        text.as_deref().is_none_or(str::is_empty)
    }

    pub(super) fn is_unknown(gender: &Option<Gender>) -> bool {
        gender.is_none_or(|gender| gender == Gender::Unknown)
    }

    pub(super) fn number<S: Serializer>(gender: &Option<Gender>, to: S) -> Result<S::Ok, S::Error> {
        gender.map(Gender::number).serialize(to)
    }
}

/// The user's own view of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserReply<'a> {
    #[serde(flatten)]
    identity: IdentityNames<'a>,
    #[serde(flatten, with = "ProfileFields")]
    #[schema(value_type = ProfileFields)]
    profile: &'a Profile,
    user_id: Uuid,
    /// Whether there is a `phone`.
    phone_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// In E.164.
    phone: Option<&'a str>,
    created_at: Timestamp,
    last_login_at: Timestamp,
}

impl<'a> UserReply<'a> {
    pub(crate) fn new(account: &'a SessionAccount) -> Self {
        Self::of_changed(account, &account.user)
    }

    /// The user of `account` as they have become.
    pub(crate) fn of_changed(account: &'a SessionAccount, user: &'a User) -> Self {
        Self {
            user_id: user.id.as_uuid(),
            phone_bound: user.phone.is_some(),
            phone: user.phone.as_deref(),
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            identity: (&account.identity).into(),
            profile: &user.profile,
        }
    }
}
