//! The getPhoneNumber button
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/getPhoneNumber.html>).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{EncryptedData, OpenDataOptions, Phone, PhoneError};
use crate::state::codes::Memory;

/// What the button's callback gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhoneNumberGrant {
    /// For getuserphonenumber; 64 hex digits, not a code of wx.login.
    pub code: String,
    /// The older way; only after a wx.login.
    #[serde(flatten)]
    pub encrypted: Option<EncryptedData>,
}

impl Phone {
    /// The user taps the getPhoneNumber button and agrees.
    ///
    /// # Errors
    /// [`PhoneError::NoPhoneNumber`] if none is bound to the account.
    pub fn phone_number(&self, options: &OpenDataOptions) -> Result<PhoneNumberGrant, PhoneError> {
        let payload = self.phone_payload()?;
        let encrypted = match self.encrypt(payload, options) {
            Ok(encrypted) => Some(encrypted),
            Err(PhoneError::NotLoggedIn { .. }) => None,
            Err(other) => return Err(other),
        };
        let (now, policy) = (self.world.now(), self.world.policy());
        let code = self.world.dice.hex64();
        let identity = self.identity.clone();
        let ttl = policy.phone_code_ttl_s;
        let memory = Memory::from(&*policy);
        (self.world.phone_codes()).issue(now, &code, identity, ttl, memory);
        Ok(PhoneNumberGrant { code, encrypted })
    }

    fn phone_payload(&self) -> Result<Map<String, Value>, PhoneError> {
        let phone = self.user.config.phone.as_ref();
        let phone = phone.ok_or_else(|| PhoneError::NoPhoneNumber(self.user.name.to_string()))?;
        let mut payload = Map::new();
        payload.insert("phoneNumber".to_owned(), phone.as_bound().into());
        payload.insert("purePhoneNumber".to_owned(), phone.number.as_str().into());
        payload.insert("countryCode".to_owned(), phone.country_code.as_str().into());
        Ok(payload)
    }
}
