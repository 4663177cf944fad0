//! The puppeteer's strings: users, apps, clock and rules, in process and over HTTP.

mod apps;
mod calls;
mod clock;
mod faults;
mod merge;
mod payments;
mod push;
pub(crate) mod routes;
mod sessions;
mod state;
mod tokens;
mod users;

use std::fmt;
use std::sync::Arc;

pub use self::faults::FaultState;
pub use self::state::StateSummary;
pub use self::tokens::ComponentKeys;
pub use self::users::UserState;
use crate::config::{ConfigError, Policy};
use crate::phone::{Phone, PhoneError};
use crate::state::World;

/// Moves everything in a running sandbox. Cheap to clone; the HTTP control API does the same.
#[derive(Clone)]
pub struct Control {
    pub(crate) world: Arc<World>,
}

impl fmt::Debug for Control {
    /// The world behind it is large and holds keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Control")
    }
}

/// Why the sandbox did not execute a request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The app or user cannot be as described.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing with this name.
    #[error(transparent)]
    Unknown(#[from] PhoneError),
    /// The sandbox has no app.
    #[error("the sandbox has no app; add one with POST /sandbox/apps")]
    NoApp,
    /// The fault is not in force (any more).
    #[error("there is no fault {0} in force; GET /sandbox/faults lists those there are")]
    NoFault(u64),
    /// The fields of a PATCH do not fit.
    #[error("the change does not fit: {0}")]
    Patch(String),
    /// The app has no push URL.
    #[error(
        "`{0}` has no push URL; give one with PATCH /sandbox/apps/{0} {{\"push\":{{\"url\":…,\"token\":…,\"encoding_aes_key\":…}}}}"
    )]
    NoPush(String),
    /// No order of this number was paid.
    #[error("no order `{0}` was paid; GET /sandbox/apps/{{appid}}/payment-notices lists them")]
    NoOrder(String),
    /// The order has less left to give back.
    #[error("only {left} fen are left of what was paid")]
    RefundTooMuch {
        /// In fen.
        left: u64,
    },
    /// No such third-party platform, or the app has not authorised it.
    #[error("there is no third-party platform `{component}` that `{app_id}` has authorised")]
    NoComponent {
        /// The platform.
        component: String,
        /// The app.
        app_id: String,
    },
    /// The user has no valid session_key in this app.
    #[error("`{user}` has no valid session_key in `{app_id}`")]
    NoSessionKey {
        /// The user's name.
        user: String,
        /// The app.
        app_id: String,
    },
}

impl Control {
    /// The appid of the first app, which is the phone's default.
    ///
    /// # Errors
    /// [`ControlError::NoApp`] if there is none.
    pub fn first_app_id(&self) -> Result<String, ControlError> {
        let app = self.world.directory().first_app();
        app.map(|app| app.id.to_string()).ok_or(ControlError::NoApp)
    }

    /// Takes a user's phone and opens an app in it.
    ///
    /// # Errors
    /// If there is no such user or app.
    pub fn phone(&self, user: &str, app_id: &str) -> Result<Phone, PhoneError> {
        Phone::open(&self.world, user, app_id)
    }

    /// The rules in force.
    pub fn policy(&self) -> Policy {
        (*self.world.policy()).clone()
    }

    /// Puts other rules in force.
    pub fn set_policy(&self, policy: Policy) {
        self.world.set_policy(policy);
    }

    /// Changes some of the rules.
    pub fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        let mut policy = self.policy();
        change(&mut policy);
        self.set_policy(policy);
    }

    fn patch_policy(&self, patch: serde_json::Value) -> Result<(), ControlError> {
        self.set_policy(merge::merged(&self.policy(), patch)?);
        Ok(())
    }
}
