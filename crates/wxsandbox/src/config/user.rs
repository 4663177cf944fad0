//! A WeChat user: name, profile and phone number.

use serde::{Deserialize, Serialize};

/// A WeChat user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfig {
    /// How the sandbox's callers name the user, for instance in `/phone/{name}/login`.
    pub name: String,
    /// What the user has filled in at WeChat.
    #[serde(default)]
    pub profile: Profile,
    /// The phone number bound to the account.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    /// WeChat's risk control blocks this user's logins (40226).
    #[serde(default)]
    pub high_risk: bool,
    /// The account is frozen or closed (50002).
    #[serde(default)]
    pub limited: bool,
}

impl UserConfig {
    /// A user with a made-up profile (the name as nickname) and no phone.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            profile: Profile {
                nick_name: name.clone(),
                ..Profile::default()
            },
            name,
            phone: None,
            high_risk: false,
            limited: false,
        }
    }
}

/// A profile, in the fields of WeChat's
/// [`UserInfo`](https://developers.weixin.qq.com/miniprogram/dev/api/open-api/user-info/UserInfo.html).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// The nickname.
    pub nick_name: String,
    /// The gender.
    pub gender: Gender,
    /// For instance `zh_CN`.
    pub language: String,
    /// The city.
    pub city: String,
    /// The province.
    pub province: String,
    /// The country.
    pub country: String,
    /// URL of the avatar.
    pub avatar_url: String,
}

/// A gender as WeChat numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// 0
    #[default]
    Unknown,
    /// 1
    Male,
    /// 2
    Female,
}

impl Gender {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

/// A phone number, as WeChat splits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneNumber {
    /// For instance `86`.
    pub country_code: String,
    /// The number without the country code.
    pub number: String,
}

impl PhoneNumber {
    /// `phoneNumber` of WeChat's answers: foreign numbers carry their country code.
    pub(crate) fn as_bound(&self) -> String {
        if self.country_code == "86" {
            self.number.clone()
        } else {
            format!("{}{}", self.country_code, self.number)
        }
    }
}
