//! `wx.login`, `wx.checkSession`, and the code that data pre-fetch brings
//! (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html>).

use super::{Phone, PhoneError};
use crate::state::codes::Memory;
use crate::state::session_keys::Refresh;

impl Phone {
    /// `wx.login`: a code for the app's backend. May replace the session_key.
    ///
    /// # Errors
    /// [`PhoneError::TooFrequent`], if the sandbox is configured to count.
    pub fn login(&self) -> Result<String, PhoneError> {
        self.count_call()?;
        Ok(self.code(false))
    }

    /// `wx.login` that certainly replaces the session_key, as if the last login were long ago.
    ///
    /// # Errors
    /// As [`Phone::login`].
    pub fn login_with_fresh_key(&self) -> Result<String, PhoneError> {
        self.count_call()?;
        Ok(self.code(true))
    }

    /// The code that data pre-fetch brings the backend before the app is open. It usually replaces
    /// the session_key
    /// (<https://developers.weixin.qq.com/miniprogram/dev/framework/ability/pre-fetch.html>).
    pub fn prefetch_code(&self) -> String {
        self.code(self.world.policy().prefetch_replaces_session_key)
    }

    /// `wx.checkSession`: whether the session_key of this phone's last code is still valid.
    ///
    /// # Errors
    /// As [`Phone::login`].
    pub fn check_session(&self) -> Result<bool, PhoneError> {
        self.count_call()?;
        let now = self.world.now();
        Ok((self.world.session_keys()).phone_is_current(now, self.openid()))
    }

    fn code(&self, replace_key: bool) -> String {
        let (now, policy) = (self.world.now(), self.world.policy());
        let (code, fresh) = (self.world.dice.login_code(), self.world.dice.session_key());
        let mut refresh = Refresh::from(&*policy);
        if replace_key {
            refresh.min_age_s = 0;
        }
        (self.world.session_keys()).visit(now, &self.identity.openid, &fresh, refresh);
        let identity = self.identity.clone();
        let ttl = policy.login_code_ttl_s;
        let memory = Memory::from(&*policy);
        (self.world.login_codes()).issue(now, &code, identity, ttl, memory);
        code
    }
}
