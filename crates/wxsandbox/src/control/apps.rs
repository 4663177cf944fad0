//! Apps: add, list, bind to an Open Platform account.

use serde::Serialize;

use super::{Control, ControlError};
use crate::{config::AppConfig, phone::PhoneError, state::directory::App};

/// An app as the console would show it; the secret is not shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppState {
    /// The appid.
    pub app_id: String,
    /// For people.
    pub name: String,
    /// The Open Platform account it is bound to.
    pub open_platform: Option<String>,
}

impl Control {
    /// All apps, the first added first.
    #[must_use]
    pub fn apps(&self) -> Vec<AppState> {
        let directory = self.world.directory();
        directory.apps().map(|app| AppState::of(&app)).collect()
    }

    /// Adds an app, or puts it in the place of the one with its appid.
    ///
    /// # Errors
    /// If its appid or secret has the wrong shape.
    pub fn put_app(&self, app: AppConfig) -> Result<(), ControlError> {
        app.check()?;
        self.world.directory_mut().put_app(App::from(app));
        Ok(())
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

    fn change_app(&self, app_id: &str, change: impl FnOnce(&mut App)) -> Result<(), ControlError> {
        let mut directory = self.world.directory_mut();
        let app = directory.app(app_id);
        let app = app.ok_or_else(|| PhoneError::NoSuchApp(app_id.to_owned()))?;
        let mut app = (*app).clone();
        change(&mut app);
        directory.put_app(app);
        Ok(())
    }
}

impl AppState {
    fn of(app: &App) -> Self {
        Self {
            app_id: app.id.to_string(),
            name: app.name.clone(),
            open_platform: app.open_platform.clone(),
        }
    }
}
