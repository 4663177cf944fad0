//! What the crate promises, seen from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that meets the unexpected must stop its test"
)]

mod adapter;
mod official;
mod open_data;
mod payloads;
mod phone;
mod properties;
mod push;
mod raw_data;
