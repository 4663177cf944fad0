//! The state in numbers.

use serde::Serialize;

use super::Control;
use crate::clock::Moment;

/// How much of everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StateSummary {
    /// What the sandbox's clock shows, in milliseconds since the Unix epoch.
    pub now_ms: Moment,
    /// Apps.
    pub apps: usize,
    /// Users.
    pub users: usize,
    /// Openids given so far.
    pub openids: usize,
    /// Codes of wx.login that could still be used.
    pub login_codes_alive: usize,
    /// Codes of getPhoneNumber that could still be used.
    pub phone_codes_alive: usize,
}

impl Control {
    /// Counts what there is.
    pub fn state(&self) -> StateSummary {
        let now = self.now();
        let apps = self.world.directory().apps().count();
        let users = self.world.directory().users().len();
        StateSummary {
            now_ms: now,
            apps,
            users,
            openids: self.world.identities().len(),
            login_codes_alive: self.world.login_codes().alive(now),
            phone_codes_alive: self.world.phone_codes().alive(now),
        }
    }
}
