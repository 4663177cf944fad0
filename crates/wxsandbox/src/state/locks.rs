//! The world's parts, each under its own lock.
//!
//! A panic while a lock is held would be a bug of the sandbox; the state behind it is still the best
//! there is, so poison is ignored.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use super::{
    Calls, Ciphertexts, Directory, Faults, Identities, Identity, IpControl, Notices, OneTimeCodes,
    Payments, PhoneGrant, Policy, Purses, Quotas, RateLimit, SessionKeys, Tickets, Tokens,
    UserKeys, World,
};

impl World {
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_policy(&self, policy: Policy) {
        let mut current = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(policy);
    }

    pub(crate) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn identities(&self) -> MutexGuard<'_, Identities> {
        lock(&self.identities)
    }

    pub(crate) fn login_codes(&self) -> MutexGuard<'_, OneTimeCodes<Identity>> {
        lock(&self.login_codes)
    }

    pub(crate) fn phone_codes(&self) -> MutexGuard<'_, OneTimeCodes<PhoneGrant>> {
        lock(&self.phone_codes)
    }

    pub(crate) fn plugin_codes(&self) -> MutexGuard<'_, OneTimeCodes<Identity>> {
        lock(&self.plugin_codes)
    }

    pub(crate) fn session_keys(&self) -> MutexGuard<'_, SessionKeys> {
        lock(&self.session_keys)
    }

    pub(crate) fn user_keys(&self) -> MutexGuard<'_, UserKeys> {
        lock(&self.user_keys)
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.tokens)
    }

    pub(crate) fn tickets(&self) -> MutexGuard<'_, Tickets> {
        lock(&self.tickets)
    }

    pub(crate) fn quotas(&self) -> MutexGuard<'_, Quotas> {
        lock(&self.quotas)
    }

    pub(crate) fn exchanges(&self) -> MutexGuard<'_, RateLimit> {
        lock(&self.exchanges)
    }

    pub(crate) fn phone_calls(&self) -> MutexGuard<'_, RateLimit> {
        lock(&self.phone_calls)
    }

    pub(crate) fn ip_control(&self) -> MutexGuard<'_, IpControl> {
        lock(&self.ip_control)
    }

    pub(crate) fn payments(&self) -> MutexGuard<'_, Payments> {
        lock(&self.payments)
    }

    pub(crate) fn purses(&self) -> MutexGuard<'_, Purses> {
        lock(&self.purses)
    }

    pub(crate) fn notices(&self) -> MutexGuard<'_, Notices> {
        lock(&self.notices)
    }

    pub(crate) fn ciphertexts(&self) -> MutexGuard<'_, Ciphertexts> {
        lock(&self.ciphertexts)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Calls> {
        lock(&self.calls)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
