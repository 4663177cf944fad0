//! All that the sandbox remembers. The parts are plain state machines that are told the time; here
//! each has its own lock, held for a few map operations and never while something is hashed.

pub(crate) mod codes;
pub(crate) mod directory;
pub(crate) mod identities;
pub(crate) mod minute_limit;
pub(crate) mod session_keys;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::{
    codes::{Memory, OneTimeCodes},
    directory::{App, Directory},
    identities::Identities,
    minute_limit::MinuteLimit,
    session_keys::{Refresh, SessionKeys},
};
use crate::{
    clock::{Moment, SandboxClock, system_millis},
    config::{ClockStart, Policy, SandboxConfig},
    dice::{Derivation, Dice},
};

/// One user at one app, as codes and keys refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) openid: Arc<str>,
    pub(crate) app_id: Arc<str>,
    pub(crate) user: Arc<str>,
}

pub(crate) struct World {
    pub(crate) clock: SandboxClock,
    pub(crate) dice: Dice,
    pub(crate) derive: Derivation,
    policy: RwLock<Arc<Policy>>,
    directory: RwLock<Directory>,
    identities: Mutex<Identities>,
    login_codes: Mutex<OneTimeCodes<Identity>>,
    phone_codes: Mutex<OneTimeCodes<Identity>>,
    session_keys: Mutex<SessionKeys>,
    exchanges: Mutex<MinuteLimit>,
}

impl World {
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let salt = match config.clock {
            ClockStart::System => system_millis(),
            ClockStart::Fixed(_) => 0,
        };
        Self {
            clock: SandboxClock::new(config.clock),
            dice: Dice::new(config.seed, salt),
            derive: Derivation::new(config.seed),
            policy: RwLock::new(Arc::new(config.policy)),
            directory: RwLock::new(Directory::new(config.apps, config.users)),
            identities: Mutex::default(),
            login_codes: Mutex::default(),
            phone_codes: Mutex::default(),
            session_keys: Mutex::default(),
            exchanges: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&read(&self.policy))
    }

    pub(crate) fn set_policy(&self, policy: Policy) {
        *write(&self.policy) = Arc::new(policy);
    }

    pub(crate) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        read(&self.directory)
    }

    pub(crate) fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        write(&self.directory)
    }

    pub(crate) fn identities(&self) -> MutexGuard<'_, Identities> {
        lock(&self.identities)
    }

    pub(crate) fn login_codes(&self) -> MutexGuard<'_, OneTimeCodes<Identity>> {
        lock(&self.login_codes)
    }

    pub(crate) fn phone_codes(&self) -> MutexGuard<'_, OneTimeCodes<Identity>> {
        lock(&self.phone_codes)
    }

    pub(crate) fn session_keys(&self) -> MutexGuard<'_, SessionKeys> {
        lock(&self.session_keys)
    }

    pub(crate) fn exchanges(&self) -> MutexGuard<'_, MinuteLimit> {
        lock(&self.exchanges)
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
        let account = app.open_platform.as_deref()?;
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

// A panic while a lock is held would be a bug of the sandbox; the state is still the best there is.

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
