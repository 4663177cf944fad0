//! `wx.login` and `wx.checkSession`
//! (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html>).

use super::{Phone, PhoneError};
use crate::state::{codes::Memory, session_keys::Refresh};

impl Phone {
    /// `wx.login`: a code for the app's backend. May replace the session_key.
    ///
    /// # Errors
    /// None today; the signature leaves room for limits.
    pub fn login(&self) -> Result<String, PhoneError> {
        Ok(self.login_keeping(false))
    }

    /// `wx.login` that certainly replaces the session_key, as if the last login were long ago.
    ///
    /// # Errors
    /// As [`Phone::login`].
    pub fn login_with_fresh_key(&self) -> Result<String, PhoneError> {
        Ok(self.login_keeping(true))
    }

    /// `wx.checkSession`: whether the session_key of this phone's last code is still valid.
    #[must_use]
    pub fn check_session(&self) -> bool {
        let now = self.world.now();
        (self.world.session_keys()).phone_is_current(now, self.openid())
    }

    fn login_keeping(&self, replace: bool) -> String {
        let (now, policy) = (self.world.now(), self.world.policy());
        let (code, fresh) = (self.world.dice.login_code(), self.world.dice.session_key());
        let mut refresh = Refresh::from(&*policy);
        if replace {
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
