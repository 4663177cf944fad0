//! The REST side: what mini programs, other backends and the operator call.

mod connections;
mod endpoints;
mod extractors;
mod middleware;
mod openapi;
mod replies;
mod routes;

pub(crate) use endpoints::push::PushInboxes;
pub(crate) use extractors::api_key::ApiKeys;
pub use extractors::client_address::TrustedProxies;
pub(crate) use middleware::route_name::RouteName;
pub(crate) use middleware::sandbox_guard::SandboxGuard;
pub(crate) use openapi::text as openapi_text;
pub use replies::error::ApiError;
pub use replies::error_code::ErrorCode;
pub use routes::HttpState;
pub(crate) use routes::serve;
