//! `wx.getUserInfo` and `wx.getUserProfile`
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{OpenDataOptions, Phone, PhoneError};
use crate::config::Profile;
use crate::crypto::open_data::sign_raw_data;

/// Which profile call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// `wx.getUserInfo` as before April 2021: the real profile; openId and unionId encrypted.
    #[default]
    UserInfo,
    /// `wx.getUserInfo` of today: the anonymous profile; openId and unionId encrypted.
    Anonymous,
    /// `wx.getUserProfile` as before November 2022: the real profile, without openId and unionId.
    UserProfile,
    /// `wx.getUserProfile` of today: the anonymous profile, without openId and unionId.
    AnonymousUserProfile,
}

/// The result of a profile call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// The profile for the front end.
    pub user_info: Value,
    /// The same as text; what `signature` was made over.
    pub raw_data: String,
    /// Lower-case hex of SHA-1 over rawData and session_key.
    pub signature: String,
    /// Base64 of the ciphertext.
    pub encrypted_data: String,
    /// Base64 of the initialisation vector.
    pub iv: String,
}

impl Phone {
    /// `wx.getUserInfo({withCredentials: true})` or `wx.getUserProfile`.
    ///
    /// # Errors
    /// [`PhoneError::NotLoggedIn`] without a valid session_key; [`PhoneError::TooFrequent`], if the
    /// sandbox is configured to count.
    pub fn profile(
        &self,
        kind: ProfileKind,
        options: &OpenDataOptions,
    ) -> Result<UserInfo, PhoneError> {
        self.count_call()?;
        let profile = self.visible_profile(kind);
        let raw_data = profile.to_string();
        let signature = sign_raw_data(&raw_data, &self.session_key()?);
        let mut payload = Map::new();
        if kind.has_ids() {
            let openid = options.open_id.as_deref().unwrap_or(self.openid());
            payload.insert("openId".to_owned(), openid.into());
        }
        if let Value::Object(fields) = &profile {
            payload.extend(fields.clone());
        }
        if let Some(unionid) = self.unionid().filter(|_| kind.has_ids()) {
            payload.insert("unionId".to_owned(), unionid.into());
        }
        let sealed = self.encrypt(payload, options)?;
        Ok(UserInfo {
            user_info: profile,
            raw_data,
            signature,
            encrypted_data: sealed.encrypted_data,
            iv: sealed.iv,
        })
    }

    fn visible_profile(&self, kind: ProfileKind) -> Value {
        if kind.is_anonymous() {
            anonymous_profile()
        } else {
            real_profile(&self.user.config.profile)
        }
    }
}

impl ProfileKind {
    const fn has_ids(self) -> bool {
        matches!(self, Self::UserInfo | Self::Anonymous)
    }

    const fn is_anonymous(self) -> bool {
        matches!(self, Self::Anonymous | Self::AnonymousUserProfile)
    }
}

fn real_profile(profile: &Profile) -> Value {
    json!({
        "nickName": profile.nick_name,
        "gender": profile.gender.number(),
        "language": profile.language,
        "city": profile.city,
        "province": profile.province,
        "country": profile.country,
        "avatarUrl": profile.avatar_url,
    })
}

/// What everybody looks like since WeChat stopped giving profiles away.
fn anonymous_profile() -> Value {
    json!({
        "nickName": "微信用户",
        "gender": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "avatarUrl": "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132",
        "is_demote": true,
    })
}
