//! The REST side: what mini programs, other backends and the operator call.

mod bearer;
mod client_address;
mod cors;
mod error;
mod error_code;
mod failure_body;
mod json_object;
mod load_shed;
mod login;
mod login_limit;
mod me;
mod request_id;
mod request_span;
mod routes;
mod standard_headers;
mod success;
mod user_reply;

pub use client_address::TrustedProxies;
pub use error::ApiError;
pub use error_code::{Actor, ErrorCode};
pub use routes::{HttpState, serve};
