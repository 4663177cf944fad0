//! Replies: successes, failures, and types that several endpoints share.

pub(crate) mod account;
pub(crate) mod error;
pub(crate) mod error_code;
pub(crate) mod export;
pub(crate) mod failure_body;
pub(crate) mod success;
pub(crate) mod user;
