//! A user, as answers show them. What is not known is left out.

use std::borrow::Cow;

use domain::profile::{Gender, Profile};
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::user::{Identity, User};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

replies! {
    /// Who the user is to the mini program.
    pub(crate) IdentityNames<'a> from identity: &'a Identity {
        open_id: Cow<'a, str> = identity.open_id.as_str().into(),
        union_id?: Cow<'a, str> = identity.union_id.as_ref().map(|id| id.as_str().into()),
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

replies! {
    /// The user's own view of themselves.
    pub(crate) UserReply<'a> from (account, user): (&'a SessionAccount, &'a User) {
        #[serde(flatten)]
        identity: IdentityNames<'a> = (&account.identity).into(),
        #[serde(flatten, with = "ProfileFields")]
        #[schema(value_type = ProfileFields)]
        profile: &'a Profile = &user.profile,
        user_id: Uuid = user.id.as_uuid(),
        /// Whether there is a `phone`.
        phone_bound: bool = user.phone.is_some(),
        /// In E.164.
        phone?: &'a str = user.phone.as_deref(),
        created_at: Timestamp = user.created_at,
        last_login_at: Timestamp = user.last_login_at,
    }
}
