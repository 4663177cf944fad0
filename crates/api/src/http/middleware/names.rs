//! What a request is called, in its answer, in counters and in log lines.

use std::borrow::Cow;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;
use uuid::Uuid;

use super::body::ReadBody;
use super::load_shed::Place;

/// What a request is called, by itself and among those of its kind, and what it holds.
pub(crate) struct Names {
    pub(crate) id: RequestId,
    pub(crate) route: RouteName,
    /// Its body, until a handler takes it; `None` if it has none.
    pub(crate) body: Option<ReadBody>,
    /// Its place among the requests under way.
    pub(crate) place: Option<Place>,
}

impl Names {
    pub(super) fn of(request: &ServiceRequest) -> Self {
        Self {
            id: RequestId::of(request),
            route: RouteName::of(request),
            body: None,
            place: None,
        }
    }
}

/// `X-Request-Id`: the name of one request, in its answer and in every log line about it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) HeaderValue);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The caller's, if it can be logged and sent back without harm; else a new one.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get("x-request-id");
        let sane = given.filter(|value| {
            (1..=128).contains(&value.len()) && value.as_bytes().iter().copied().all(is_harmless)
        });
        Self(sane.map_or_else(own, HeaderValue::clone))
    }
}

fn own() -> HeaderValue {
    let text = &mut Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte)
}

/// The pattern of the route, such as `/user/sessions/{id}`, or `none`. Never the path, which can hold ids.
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
