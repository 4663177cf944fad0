//! Limits on how often one caller may ask.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::TrustedProxies;
use super::client_address::network_of;
use crate::http::replies::{ApiError, ErrorCode};

/// A limit on how often each `K` may ask.
pub(crate) struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one of `key`, or says how long it has to wait.
    pub(crate) fn count(&self, key: &K) -> Result<(), Duration> {
        let counted = self.limiter.check_key(key);
        counted.map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// Forgets those that have been quiet, so that memory stays bounded.
    pub(crate) fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// The limit of logins of one address.
pub(crate) struct LoginLimit {
    /// `None` limits nothing.
    pub(crate) by_address: Option<Limit<IpAddr>>,
    proxies: TrustedProxies,
}

impl LoginLimit {
    /// `per_minute` of 0 limits nothing.
    pub(crate) fn new(per_minute: u32, proxies: TrustedProxies) -> Self {
        let quota = NonZeroU32::new(per_minute).map(Quota::per_minute);
        Self {
            by_address: quota.map(Limit::new),
            proxies,
        }
    }

    fn count(&self, request: &HttpRequest) -> Result<(), Duration> {
        if let Some(limit) = &self.by_address
            && let Some(address) = self.proxies.client_of(request)
        {
            return limit.count(&network_of(address));
        }
        Ok(())
    }
}

/// A login that does not come too soon. It stands first among the arguments of a handler.
pub(crate) struct InTime;

extractor!(InTime, |request| {
    let limit = request.app_data::<web::Data<LoginLimit>>();
    let counted = limit.map_or(Ok(()), |limit| limit.count(request));
    counted.map_err(|wait| ApiError::later(ErrorCode::RateLimited, wait))?;
    Ok(Self)
});
