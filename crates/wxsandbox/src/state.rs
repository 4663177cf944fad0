//! The state of the sandbox. The parts are plain state machines that get the time as a parameter; here
//! each has its own lock, held for a few map operations and never while something is hashed.

pub(crate) mod calls;
pub(crate) mod ciphertexts;
pub(crate) mod codes;
pub(crate) mod directory;
pub(crate) mod faults;
pub(crate) mod identities;
pub(crate) mod ip_control;
mod locks;
pub(crate) mod notices;
pub(crate) mod payments;
pub(crate) mod purses;
pub(crate) mod quotas;
pub(crate) mod rate_limit;
pub(crate) mod session_keys;
pub(crate) mod tickets;
pub(crate) mod tokens;
pub(crate) mod user_keys;

use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use url::Url;

use self::calls::Calls;
use self::ciphertexts::Ciphertexts;
use self::codes::{Memory, OneTimeCodes};
use self::directory::{App, Directory};
use self::faults::Faults;
use self::identities::Identities;
use self::ip_control::IpControl;
use self::notices::Notices;
use self::payments::Payments;
use self::purses::Purses;
use self::quotas::Quotas;
use self::rate_limit::RateLimit;
use self::session_keys::{Refresh, SessionKeys};
use self::tickets::Tickets;
use self::tokens::Tokens;
use self::user_keys::{UserKey, UserKeys};
use crate::clock::{Moment, SandboxClock, system_millis};
use crate::config::{ClockStart, PhoneNumber, Policy, SandboxConfig};
use crate::crypto::platform_key::{PlatformKey, PlatformKeyError};
use crate::dice::{Derivation, Dice};

/// One user at one app, as codes and keys refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) openid: Arc<str>,
    pub(crate) app_id: Arc<str>,
    pub(crate) user: Arc<str>,
}

/// What a code of getPhoneNumber stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PhoneGrant {
    pub(crate) identity: Identity,
    pub(crate) phone: PhoneNumber,
    pub(crate) granted: Moment,
}

pub(crate) struct World {
    /// Whether others than this machine are served and called.
    pub(crate) allow_remote: bool,
    /// The backend that the page logs in to.
    pub(crate) service: Option<Url>,
    pub(crate) clock: SandboxClock,
    pub(crate) dice: Dice,
    pub(crate) derive: Derivation,
    platform_key: OnceLock<Result<PlatformKey, PlatformKeyError>>,
    policy: RwLock<Arc<Policy>>,
    directory: RwLock<Directory>,
    identities: Mutex<Identities>,
    login_codes: Mutex<OneTimeCodes<Identity>>,
    phone_codes: Mutex<OneTimeCodes<PhoneGrant>>,
    plugin_codes: Mutex<OneTimeCodes<Identity>>,
    session_keys: Mutex<SessionKeys>,
    user_keys: Mutex<UserKeys>,
    tokens: Mutex<Tokens>,
    tickets: Mutex<Tickets>,
    quotas: Mutex<Quotas>,
    exchanges: Mutex<RateLimit>,
    phone_calls: Mutex<RateLimit>,
    ip_control: Mutex<IpControl>,
    payments: Mutex<Payments>,
    purses: Mutex<Purses>,
    notices: Mutex<Notices>,
    /// There may be something to send: a new message, or the clock was moved.
    pub(crate) notices_changed: Notify,
    ciphertexts: Mutex<Ciphertexts>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
}

impl World {
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let salt = match config.clock {
            ClockStart::System => system_millis(),
            ClockStart::Fixed(_) => 0,
        };
        Self {
            allow_remote: config.allow_remote,
            service: config.service,
            clock: SandboxClock::new(config.clock),
            dice: Dice::new(config.seed, salt),
            derive: Derivation::new(config.seed),
            platform_key: OnceLock::new(),
            policy: RwLock::new(Arc::new(config.policy)),
            directory: RwLock::new(Directory::new(config.apps, config.components, config.users)),
            identities: Mutex::default(),
            login_codes: Mutex::default(),
            phone_codes: Mutex::default(),
            plugin_codes: Mutex::default(),
            session_keys: Mutex::default(),
            user_keys: Mutex::default(),
            tokens: Mutex::default(),
            tickets: Mutex::default(),
            quotas: Mutex::default(),
            exchanges: Mutex::new(RateLimit::per(Duration::from_mins(1))),
            phone_calls: Mutex::new(RateLimit::per(Duration::from_secs(1))),
            ip_control: Mutex::default(),
            payments: Mutex::default(),
            purses: Mutex::default(),
            notices: Mutex::default(),
            notices_changed: Notify::new(),
            ciphertexts: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The identity of a user at an app; its openid is derived at the first visit.
    pub(crate) fn identity(&self, app_id: &Arc<str>, user: &Arc<str>) -> Identity {
        if let Some(known) = self.identities().of(app_id, user) {
            return known;
        }
        let openid = self.derive.openid(app_id, user);
        self.identities().remember(Identity {
            openid: openid.into(),
            app_id: Arc::clone(app_id),
            user: Arc::clone(user),
        })
    }

    /// The user's unionid, if the app is bound to an Open Platform account.
    pub(crate) fn unionid(&self, app: &App, user: &str) -> Option<String> {
        let account = app.config.open_platform.as_deref()?;
        Some(self.derive.unionid(account, user))
    }

    /// The session_key that is valid now; if the last has expired since wx.login, a new one.
    pub(crate) fn session_key_now(&self, now: Moment, identity: &Identity) -> Arc<str> {
        if let Some(key) = self.session_keys().current(now, &identity.openid) {
            return key;
        }
        let fresh = self.dice.session_key();
        let refresh = Refresh::from(&*self.policy());
        let mut keys = self.session_keys();
        keys.visit(now, &identity.openid, &fresh, refresh);
        keys.current(now, &identity.openid)
            .unwrap_or_else(|| fresh.into())
    }

    /// The user's newest key of `wx.getUserCryptoManager`.
    pub(crate) fn latest_user_key(&self, now: Moment, identity: &Identity) -> UserKey {
        let fresh = self.dice.user_key();
        self.user_keys().latest(now, &identity.openid, fresh)
    }

    /// Tells an app's server of a payment, until it has understood.
    pub(crate) fn tell(&self, app_id: &str, message: Value) {
        self.notices().add(self.now(), app_id, message);
        self.notices_changed.notify_one();
    }

    /// The key that signs answers to signed calls, made when it is first needed.
    pub(crate) fn platform_key(&self) -> Result<&PlatformKey, PlatformKeyError> {
        let key = self.platform_key.get_or_init(PlatformKey::generate);
        key.as_ref().map_err(|error| *error)
    }
}

impl From<&Policy> for Memory {
    fn from(policy: &Policy) -> Self {
        Self {
            used_for_s: policy.remember_used_codes_s,
            at_most: policy.remember_used_codes_max,
        }
    }
}

impl From<&Policy> for Refresh {
    fn from(policy: &Policy) -> Self {
        Self {
            min_age_s: policy.session_key_min_refresh_s,
            ttl_s: policy.session_key_ttl_s,
        }
    }
}
