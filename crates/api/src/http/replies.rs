//! Replies: successes, failures, and types that several endpoints share.

mod account;
mod error;
mod error_code;
mod export;
pub(crate) mod failure_body;
mod success;
mod user;

pub(crate) use account::{AccountReply, IdentityReply};
pub(crate) use error::ApiError;
pub use error_code::ErrorCode;
pub(crate) use export::ExportReply;
pub(crate) use success::{Answer, Items, Nothing, Success, Written};
pub(crate) use user::{IdentityNames, ProfileFields, UserReply};
