//! What else a backend may meet: plugin codes, user keys, payments.

use serde::Serialize;

use super::{Phone, PhoneError};
use crate::state::codes::Memory;
use crate::state::payments::PaidOrder;

/// `wx.getUserCryptoManager().getLatestUserKey`
/// (<https://developers.weixin.qq.com/minigame/dev/guide/open-ability/user-encryptkey.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestUserKey {
    /// 16 bytes in base64.
    pub encrypt_key: String,
    /// 16 ASCII characters.
    pub iv: String,
    /// Counts up from 1.
    pub version: u32,
    /// When it ends, in seconds since the Unix epoch.
    pub expire_time: i64,
}

/// An order paid with WeChat Pay, as getpaidunionid wants it named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// WeChat Pay's number.
    pub transaction_id: String,
    /// The merchant.
    pub mch_id: String,
    /// The merchant's number.
    pub out_trade_no: String,
}

impl Phone {
    /// `wx.pluginLogin` in a plugin: a code for the plugin's backend. The app of this phone is taken
    /// for the plugin.
    pub fn plugin_login(&self) -> String {
        let (now, policy) = (self.world.now(), self.world.policy());
        let code = self.world.dice.hex64();
        let identity = self.identity.clone();
        let (ttl, memory) = (policy.plugin_code_ttl_s, Memory::from(&*policy));
        (self.world.plugin_codes()).issue(now, &code, identity, ttl, memory);
        code
    }

    /// The key front end and backend encrypt with.
    ///
    /// # Errors
    /// [`PhoneError::NotLoggedIn`] without a valid session_key.
    pub fn latest_user_key(&self) -> Result<LatestUserKey, PhoneError> {
        self.session_key()?;
        let now = self.world.now();
        let key = self.world.latest_user_key(now, &self.identity);
        let left = key.expires_in_s(now);
        Ok(LatestUserKey {
            expire_time: now.plus_seconds(left).unix_seconds(),
            encrypt_key: key.key,
            iv: key.iv,
            version: key.version,
        })
    }

    /// The user pays something with WeChat Pay.
    pub fn pay(&self) -> Payment {
        let payment = Payment {
            transaction_id: format!("42{}", self.world.dice.digits(26)),
            mch_id: "1900000109".to_owned(),
            out_trade_no: self.world.dice.digits(20),
        };
        let order = PaidOrder {
            transaction_id: payment.transaction_id.clone(),
            mch_id: payment.mch_id.clone(),
            out_trade_no: payment.out_trade_no.clone(),
        };
        (self.world.payments()).pay(self.world.now(), self.identity.clone(), order);
        payment
    }
}
