//! The phone: what `wx.login`, `wx.getUserInfo` and the like do, for one user in one app.

mod groups;
mod invoice;
mod login;
mod more;
mod number;
mod open_data;
mod prefetch;
mod profile;
pub(crate) mod routes;
mod virtual_payment;
mod werun;

use std::fmt;
use std::sync::Arc;

pub use self::more::{LatestUserKey, Payment};
pub use self::number::PhoneNumberGrant;
pub use self::open_data::{EncryptedData, OpenDataOptions};
pub use self::prefetch::{Destination, Prefetched};
pub use self::profile::{ProfileKind, UserInfo};
pub use self::virtual_payment::{VirtualPayment, VirtualPaymentFailure};
use crate::config::UserConfig;
use crate::state::directory::{App, User};
use crate::state::{Identity, World};

/// A user's phone with an app open in WeChat.
#[derive(Clone)]
pub struct Phone {
    world: Arc<World>,
    user: Arc<User>,
    app: Arc<App>,
    identity: Identity,
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, app) = (&self.user.name, &self.app.id);
        write!(formatter, "Phone({user} in {app})")
    }
}

/// Why the phone cannot do what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// There is no user with this name.
    #[error(
        "there is no user `{0}`; add one with POST /sandbox/users {{\"name\":\"{0}\"}}, or see GET /sandbox/users for those there are"
    )]
    NoSuchUser(String),
    /// No such app.
    #[error("there is no app `{0}`; GET /sandbox/apps lists those there are")]
    NoSuchApp(String),
    /// Encrypted data needs a session_key, which wx.login brings.
    #[error(
        "`{user}` has no valid session_key in `{app_id}`: call wx.login first (POST /phone/{user}/login)"
    )]
    NotLoggedIn {
        /// The user's name.
        user: String,
        /// The app.
        app_id: String,
    },
    /// The user has no phone number bound.
    #[error("`{0}` has no phone number; give one with PATCH /sandbox/users/{0}")]
    NoPhoneNumber(String),
    /// The app has no URL to pre-fetch from.
    #[error("`{0}` has no prefetch_url; give one with PATCH /sandbox/apps/{0}")]
    NoPrefetchUrl(String),
    /// More calls in a second than WeChat allows.
    #[error(
        "`{0}` calls wx.login, wx.checkSession and the like more often than WeChat allows (45009)"
    )]
    TooFrequent(String),
    /// A bug of the sandbox.
    #[error("the sandbox could not encrypt the data; this is a bug")]
    Encryption,
}

impl Phone {
    /// Takes the user's phone and opens the app.
    pub(crate) fn open(world: &Arc<World>, user: &str, app_id: &str) -> Result<Self, PhoneError> {
        let app = world.directory().app(app_id);
        let app = app.ok_or_else(|| PhoneError::NoSuchApp(app_id.to_owned()))?;
        let user = find_or_create(world, user)?;
        let identity = world.identity(&app.id, &user.name);
        Ok(Self {
            world: Arc::clone(world),
            user,
            app,
            identity,
        })
    }

    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The user's openid in this app.
    pub fn openid(&self) -> &str {
        &self.identity.openid
    }

    /// The user's unionid, if the app is bound to an Open Platform account.
    pub fn unionid(&self) -> Option<String> {
        self.world.unionid(&self.app, &self.user.name)
    }

    /// Counts one of the calls WeChat limits together
    /// (<https://developers.weixin.qq.com/miniprogram/dev/framework/performance/api-frequency.html>).
    fn count_call(&self) -> Result<(), PhoneError> {
        let limit = self.world.policy().phone_calls_per_second;
        let now = self.world.now();
        if (self.world.phone_calls()).allows(now, &self.identity.openid, limit) {
            Ok(())
        } else {
            Err(PhoneError::TooFrequent(self.user.name.to_string()))
        }
    }

    /// The session_key that is valid now, which a real phone does not know.
    fn session_key(&self) -> Result<Arc<str>, PhoneError> {
        let now = self.world.now();
        let key = self.world.session_keys().current(now, self.openid());
        key.ok_or_else(|| PhoneError::NotLoggedIn {
            user: self.user.name.to_string(),
            app_id: self.app.id.to_string(),
        })
    }
}

fn find_or_create(world: &World, name: &str) -> Result<Arc<User>, PhoneError> {
    if let Some(user) = world.directory().user(name) {
        return Ok(user);
    }
    let config = UserConfig::new(name);
    if world.policy().create_unknown_users && config.check().is_ok() {
        Ok(world.directory_mut().put_user(config))
    } else {
        Err(PhoneError::NoSuchUser(name.to_owned()))
    }
}
