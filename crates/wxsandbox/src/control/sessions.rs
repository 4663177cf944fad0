//! session_keys: seen and changed from WeChat's side, behind the phone's back.

use secrecy::SecretString;

use super::{Control, ControlError};

impl Control {
    /// The session_key that is valid now, if there is one.
    ///
    /// # Errors
    /// If there is no such user or app.
    pub fn session_key(
        &self,
        user: &str,
        app_id: &str,
    ) -> Result<Option<SecretString>, ControlError> {
        let openid = self.phone(user, app_id)?.openid().to_owned();
        let key = self.world.session_keys().current(self.now(), &openid);
        Ok(key.map(|key| SecretString::from(key.as_ref())))
    }

    /// Replaces the session_key without the phone's knowledge, as a login on another device may.
    /// Data the phone encrypts from now on is under the new key.
    ///
    /// # Errors
    /// [`ControlError::NoSessionKey`] if there is no valid one; or no such user or app.
    pub fn replace_session_key(&self, user: &str, app_id: &str) -> Result<(), ControlError> {
        let openid = self.phone(user, app_id)?.openid().to_owned();
        let fresh = self.world.dice.session_key();
        let done = (self.world.session_keys()).replace(self.now(), &openid, &fresh);
        some_key(done, user, app_id)
    }

    /// Ends the session_key's life now.
    ///
    /// # Errors
    /// As [`Control::replace_session_key`].
    pub fn expire_session_key(&self, user: &str, app_id: &str) -> Result<(), ControlError> {
        let openid = self.phone(user, app_id)?.openid().to_owned();
        let done = self.world.session_keys().expire(self.now(), &openid);
        some_key(done, user, app_id)
    }
}

fn some_key(done: bool, user: &str, app_id: &str) -> Result<(), ControlError> {
    if done {
        return Ok(());
    }
    Err(ControlError::NoSessionKey {
        user: user.to_owned(),
        app_id: app_id.to_owned(),
    })
}
