//! The getPhoneNumber button
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/getPhoneNumber.html>).

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{EncryptedData, OpenDataOptions, Phone, PhoneError};
use crate::config::PhoneNumber;
use crate::crypto::sha256;
use crate::state::PhoneGrant;
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
        let phone = self.bound_number()?;
        Ok(PhoneNumberGrant {
            encrypted: self.encrypted_number(&phone, options)?,
            code: self.number_code(phone),
        })
    }

    fn bound_number(&self) -> Result<PhoneNumber, PhoneError> {
        let phone = self.user.config.phone.clone();
        phone.ok_or_else(|| PhoneError::NoPhoneNumber(self.user.name.to_string()))
    }

    /// Encrypted only if there is a session_key; its hash is kept for checkencryptedmsg.
    fn encrypted_number(
        &self,
        phone: &PhoneNumber,
        options: &OpenDataOptions,
    ) -> Result<Option<EncryptedData>, PhoneError> {
        let encrypted = match self.encrypt(payload(phone), options) {
            Ok(encrypted) => encrypted,
            Err(PhoneError::NotLoggedIn { .. }) => return Ok(None),
            Err(other) => return Err(other),
        };
        let hash = sha256(&[encrypted.encrypted_data.as_bytes()]);
        let (now, app_id) = (self.world.now(), Arc::clone(&self.app.id));
        self.world.ciphertexts().remember(now, hash, app_id);
        Ok(Some(encrypted))
    }

    fn number_code(&self, phone: PhoneNumber) -> String {
        let (now, policy) = (self.world.now(), self.world.policy());
        let code = self.world.dice.hex64();
        let grant = PhoneGrant {
            identity: self.identity.clone(),
            phone,
            granted: now,
        };
        let (ttl, memory) = (policy.phone_code_ttl_s, Memory::from(&*policy));
        (self.world.phone_codes()).issue(now, &code, grant, ttl, memory);
        code
    }
}

fn payload(phone: &PhoneNumber) -> Map<String, Value> {
    let mut payload = Map::new();
    payload.insert("phoneNumber".to_owned(), json!(phone.as_bound()));
    payload.insert("purePhoneNumber".to_owned(), json!(phone.number));
    payload.insert("countryCode".to_owned(), json!(phone.country_code));
    payload
}
