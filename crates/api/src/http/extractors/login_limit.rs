//! The limit of logins a minute per address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::TrustedProxies;
use super::client_address::network_of;
use crate::http::replies::{ApiError, ErrorCode};

pub(crate) struct LoginLimit {
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    proxies: TrustedProxies,
    clock: DefaultClock,
}

impl LoginLimit {
    /// `per_minute` of 0 limits nothing.
    pub(crate) fn new(per_minute: u32, proxies: TrustedProxies) -> Self {
        let limiter =
            NonZeroU32::new(per_minute).map(|count| RateLimiter::keyed(Quota::per_minute(count)));
        Self {
            limiter,
            proxies,
            clock: DefaultClock::default(),
        }
    }

    fn wait(&self, request: &HttpRequest) -> Option<Duration> {
        let limiter = self.limiter.as_ref()?;
        let address = self.proxies.client_of(request)?;
        let refused = limiter.check_key(&network_of(address)).err()?;
        Some(refused.wait_time_from(self.clock.now()))
    }

    /// Forgets addresses that have been quiet, so that memory stays bounded.
    pub(crate) fn forget_quiet(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// A login that does not come too soon. It stands first among the arguments of a handler.
pub(crate) struct InTime;

extractor!(InTime, |request| {
    let limit = request.app_data::<web::Data<LoginLimit>>();
    match limit.and_then(|limit| limit.wait(request)) {
        Some(wait) => Err(ApiError::later(ErrorCode::RateLimited, wait)),
        None => Ok(Self),
    }
});
