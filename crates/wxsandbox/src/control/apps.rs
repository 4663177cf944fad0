//! Apps: add, change, bind to an Open Platform account.

use secrecy::SecretString;

use super::merge::merged;
use super::{Control, ControlError};
use crate::config::AppConfig;
use crate::phone::PhoneError;

impl Control {
    /// All apps, the first added first.
    pub fn apps(&self) -> Vec<AppConfig> {
        let directory = self.world.directory();
        directory.apps().map(|app| app.config.clone()).collect()
    }

    /// Adds an app, or puts it in the place of the one with its appid.
    ///
    /// # Errors
    /// If a value of it cannot be.
    pub fn put_app(&self, app: AppConfig) -> Result<(), ControlError> {
        app.check()?;
        self.world.directory_mut().put_app(app);
        Ok(())
    }

    /// Changes what the console knows of an app. Its appid stays.
    ///
    /// # Errors
    /// If there is no such app, or a value cannot be.
    pub fn change_app(
        &self,
        app_id: &str,
        change: impl FnOnce(&mut AppConfig),
    ) -> Result<(), ControlError> {
        let mut config = self.app(app_id)?;
        change(&mut config);
        app_id.clone_into(&mut config.app_id);
        self.put_app(config)
    }

    /// Binds an app to an Open Platform account, or to none: unionids come and go with it.
    ///
    /// # Errors
    /// If there is no such app.
    pub fn bind_open_platform(
        &self,
        app_id: &str,
        account: Option<&str>,
    ) -> Result<(), ControlError> {
        self.change_app(app_id, |app| {
            app.open_platform = account.map(ToOwned::to_owned);
        })
    }

    /// Resets an app's secret in the console: the old one is wrong from now on (40125).
    ///
    /// # Errors
    /// If there is no such app.
    pub fn reset_secret(&self, app_id: &str) -> Result<SecretString, ControlError> {
        let secret = SecretString::from(hex::encode(self.world.dice.bytes::<16>()));
        self.change_app(app_id, |app| app.secret = secret.clone())?;
        Ok(secret)
    }

    pub(crate) fn app(&self, app_id: &str) -> Result<AppConfig, ControlError> {
        let app = self.world.directory().app(app_id);
        let app = app.ok_or_else(|| PhoneError::NoSuchApp(app_id.to_owned()))?;
        Ok(app.config.clone())
    }

    /// Lays the fields of `patch` over an app's.
    pub(super) fn patch_app(
        &self,
        app_id: &str,
        patch: serde_json::Value,
    ) -> Result<(), ControlError> {
        let config = merged(&self.app(app_id)?, patch)?;
        self.change_app(app_id, |app| *app = config)
    }
}
