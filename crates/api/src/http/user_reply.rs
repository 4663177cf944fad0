//! A user, as answers show them. What is not known is left out.

use domain::profile::{Gender, Profile};
use domain::session::SessionAccount;
use domain::user::Identity;
use serde::Serialize;
use utoipa::ToSchema;

/// Who the user is to the mini program and what they show of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileFields {
    open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 2)]
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

impl ProfileFields {
    pub(super) fn new(identity: Identity, profile: Profile) -> Self {
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            open_id: identity.open_id.to_string(),
            union_id: identity.union_id.map(|id| id.to_string()),
            nick_name: known(profile.nick_name),
            gender: profile.gender.map(Gender::number),
            language: known(profile.language),
            city: known(profile.city),
            province: known(profile.province),
            country: known(profile.country),
            avatar_url: known(profile.avatar_url),
        }
    }
}

/// The user's own view of themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserReply {
    #[serde(flatten)]
    profile: ProfileFields,
    #[schema(format = "uuid")]
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// In E.164.
    phone: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_login_at: String,
}

impl From<SessionAccount> for UserReply {
    fn from(account: SessionAccount) -> Self {
        Self {
            user_id: account.user.id.to_string(),
            phone: account.user.phone,
            created_at: account.user.created_at.to_string(),
            last_login_at: account.user.last_login_at.to_string(),
            profile: ProfileFields::new(account.identity, account.user.profile),
        }
    }
}
