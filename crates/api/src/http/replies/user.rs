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
            union_id: owned(self.union_id),
        }
    }
}

/// What the user shows of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 2)]
    gender: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Profile> for ProfileFields<'a> {
    fn from(profile: &'a Profile) -> Self {
        // 0 says that it is not known.
        let gender = profile.gender.map(Gender::number);
        Self {
            nick_name: known(profile.nick_name.as_ref()),
            gender: gender.filter(|number| *number != 0),
            language: known(profile.language.as_ref()),
            city: known(profile.city.as_ref()),
            province: known(profile.province.as_ref()),
            country: known(profile.country.as_ref()),
            avatar_url: known(profile.avatar_url.as_ref()),
        }
    }
}

impl ProfileFields<'_> {
    /// The same, for a reply that outlives the profile.
    pub(crate) fn into_owned(self) -> ProfileFields<'static> {
        ProfileFields {
            nick_name: owned(self.nick_name),
            gender: self.gender,
            language: owned(self.language),
            city: owned(self.city),
            province: owned(self.province),
            country: owned(self.country),
            avatar_url: owned(self.avatar_url),
        }
    }
}

fn known(text: Option<&String>) -> Option<Cow<'_, str>> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| Cow::Borrowed(text.as_str()))
}

fn owned(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

/// The user's own view of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserReply<'a> {
    #[serde(flatten)]
    identity: IdentityNames<'a>,
    #[serde(flatten)]
    profile: ProfileFields<'a>,
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
            profile: (&user.profile).into(),
        }
    }
}
