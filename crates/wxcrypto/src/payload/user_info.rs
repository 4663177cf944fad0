//! What a user shows of themselves: wx.getUserInfo, wx.getUserProfile, rawData.

use domain::profile::{Gender, Profile, ProfileReport};
use serde::Deserialize;

use crate::lenient;

/// The profile of wx.getUserInfo
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/user-info/wx.getUserInfo.html>),
/// wx.getUserProfile and rawData. The `openId` and `unionId` that getUserInfo adds to it are in
/// [`OpenData`](crate::OpenData).
///
/// Since 2021-10-20 gender is 0 and language, city, province and country are empty; since 2022
/// the nickname and the avatar are WeChat's placeholders for all but old base libraries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserInfo {
    /// Nickname.
    #[serde(default, deserialize_with = "lenient::text")]
    pub nick_name: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub gender: Option<i64>,
    /// Language of the user's WeChat, such as `zh_CN`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub language: Option<String>,
    /// City.
    #[serde(default, deserialize_with = "lenient::text")]
    pub city: Option<String>,
    /// Province.
    #[serde(default, deserialize_with = "lenient::text")]
    pub province: Option<String>,
    /// Country.
    #[serde(default, deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// URL of the avatar.
    #[serde(default, deserialize_with = "lenient::text")]
    pub avatar_url: Option<String>,
    /// Whether WeChat says itself that this is its placeholder. Not documented, but sent.
    #[serde(default, rename = "is_demote", deserialize_with = "lenient::flag")]
    pub is_demote: bool,
}

impl UserInfo {
    /// The two fields that no other kind has; a city alone makes no profile.
    pub(super) const FIELDS: &[&str] = &["nickName", "avatarUrl"];

    /// Whether WeChat gave its placeholder (grey avatar, `微信用户`) in place of the person's own
    /// nickname and avatar.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.is_demote || self.nick_name.as_deref() == Some(ProfileReport::ANONYMOUS_NICK_NAME)
    }

    /// The profile as wxlogin's use cases take it.
    #[must_use]
    pub fn into_report(self) -> ProfileReport {
        ProfileReport {
            is_anonymous: self.is_anonymous(),
            profile: Profile {
                nick_name: self.nick_name,
                avatar_url: self.avatar_url,
                gender: self.gender.and_then(Gender::from_number),
                language: self.language,
                country: self.country,
                province: self.province,
                city: self.city,
            },
        }
    }
}
