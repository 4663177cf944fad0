//! The name of the route a request takes, for counters and log lines. Never the path, which can
//! hold ids.

use std::borrow::Cow;

use actix_web::dev::ServiceRequest;

/// A pattern, such as `/user/sessions/{id}`, or `none`.
#[derive(Clone, Debug)]
pub(crate) struct RouteName(pub(crate) Cow<'static, str>);

/// Nearly all requests are for these. A path without parameters is its own pattern, so here the
/// search for it, which the router repeats anyway, can be left out.
const BUSY: [&str; 4] = ["/user/me", "/auth/verify", "/user/wxlogin", "/user/refresh"];

/// What the router adds to a path for every path below it.
pub(crate) const BELOW: &str = "/{tail:.*}";

impl RouteName {
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let path = request.path();
        if let Some(busy) = BUSY.into_iter().find(|busy| *busy == path) {
            return Self(Cow::Borrowed(busy));
        }
        let Some(mut pattern) = request.match_pattern() else {
            return Self(Cow::Borrowed("none"));
        };
        // One endpoint, one name.
        if pattern.ends_with(BELOW) {
            pattern.truncate(pattern.len() - BELOW.len());
        }
        Self(Cow::Owned(pattern))
    }
}
