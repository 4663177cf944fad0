//! Users: add, change, list; and many at once, with codes, for a load test.

use std::collections::BTreeMap;

use serde::Serialize;

use super::merge::merged;
use super::{Control, ControlError};
use crate::config::UserConfig;
use crate::phone::{Phone, PhoneError};
use crate::state::World;
use crate::state::directory::User;

/// A user and how the apps know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserState {
    /// Name, profile, phone.
    #[serde(flatten)]
    pub user: UserConfig,
    /// The openid by appid, for the apps the user has visited.
    pub openids: BTreeMap<String, String>,
}

impl Control {
    /// All users by name.
    pub fn users(&self) -> Vec<UserState> {
        let users = self.world.directory().users();
        let state = |user| state_of(&self.world, user);
        users.iter().map(|user| state(user)).collect()
    }

    /// Adds a user, or puts them in the place of the one with their name. Openids stay.
    ///
    /// # Errors
    /// If the name would not fit a URL's path.
    pub fn put_user(&self, user: UserConfig) -> Result<(), ControlError> {
        user.check()?;
        self.world.directory_mut().put_user(user);
        Ok(())
    }

    /// Changes what WeChat knows of a user. The name stays.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn change_user(
        &self,
        name: &str,
        change: impl FnOnce(&mut UserConfig),
    ) -> Result<(), ControlError> {
        let mut config = self.user(name)?;
        change(&mut config);
        name.clone_into(&mut config.name);
        self.put_user(config)
    }

    /// Codes of wx.login, one for each of `count` users `{prefix}-1`, `{prefix}-2` …, who are made
    /// if they are not there.
    ///
    /// # Errors
    /// If there is no such app, or the prefix would not fit a URL's path.
    pub fn login_codes(
        &self,
        app_id: &str,
        prefix: &str,
        count: u32,
    ) -> Result<Vec<String>, ControlError> {
        let mut codes = Vec::new();
        for number in 1..=count {
            let name = format!("{prefix}-{number}");
            if self.world.directory().user(&name).is_none() {
                self.put_user(UserConfig::new(&name))?;
            }
            codes.push(Phone::open(&self.world, &name, app_id)?.login()?);
        }
        Ok(codes)
    }

    fn user(&self, name: &str) -> Result<UserConfig, ControlError> {
        let user = self.world.directory().user(name);
        let user = user.ok_or_else(|| PhoneError::NoSuchUser(name.to_owned()))?;
        Ok(user.config.clone())
    }

    /// Lays the fields of `patch` over a user's.
    pub(super) fn patch_user(
        &self,
        name: &str,
        patch: serde_json::Value,
    ) -> Result<(), ControlError> {
        let config = merged(&self.user(name)?, patch)?;
        self.change_user(name, |user| *user = config)
    }
}

fn state_of(world: &World, user: &User) -> UserState {
    let apps: Vec<_> = world.directory().apps().collect();
    let identities = world.identities();
    let visited = apps
        .iter()
        .filter_map(|app| identities.of(&app.id, &user.name));
    UserState {
        user: user.config.clone(),
        openids: visited
            .map(|identity| (identity.app_id.to_string(), identity.openid.to_string()))
            .collect(),
    }
}
