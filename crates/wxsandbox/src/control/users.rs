//! Users: add, change, list.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Control, ControlError};
use crate::{
    config::UserConfig,
    state::{World, directory::User},
};

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
    #[must_use]
    pub fn users(&self) -> Vec<UserState> {
        let users = self.world.directory().users();
        users
            .iter()
            .map(|user| state_of(&self.world, user))
            .collect()
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
