//! The HTTP interface for mini programs, other backends and the operator.

mod connections;
mod endpoint;
mod endpoints;
mod extractors;
mod middleware;
mod openapi;
mod replies;
mod routes;
mod server;

pub(crate) use endpoints::push::{PushInboxes, Relay};
pub(crate) use extractors::ApiKeys;
pub(crate) use middleware::frame::frame_uncounted;
pub(crate) use middleware::names::RouteName;
pub(crate) use middleware::sandbox_guard::SandboxGuard;
pub(crate) use openapi::text as openapi_text;
pub(crate) use replies::ApiError;
pub use replies::ErrorCode;
pub(crate) use server::{HttpState, serve};
