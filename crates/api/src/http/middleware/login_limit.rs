//! How many logins one address may try in a minute.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::extractors::client_address::TrustedProxies;
use crate::http::replies::error::ApiError;
use crate::http::replies::error_code::ErrorCode;

/// Counts logins by address.
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

    /// How long this caller has to wait, if they have to.
    fn wait(&self, request: &ServiceRequest) -> Option<Duration> {
        let limiter = self.limiter.as_ref()?;
        let address = self.proxies.client_of(request.request())?;
        let refused = limiter.check_key(&household(address)).err()?;
        Some(refused.wait_time_from(self.clock.now()))
    }

    /// Forgets addresses that have been quiet, so that memory does not grow with strangers.
    pub(crate) fn forget_quiet(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// One customer's IPv6 addresses are a /64; counting single ones would count nothing.
pub(crate) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Middleware: refuses a login that comes too soon.
pub(crate) async fn enforce(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let wait = request
        .app_data::<web::Data<LoginLimit>>()
        .and_then(|limit| limit.wait(&request));
    if let Some(wait) = wait {
        return Ok(request.error_response(ApiError::later(ErrorCode::RateLimited, wait)));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
