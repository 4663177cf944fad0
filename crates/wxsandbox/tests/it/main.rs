//! The sandbox over real HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod code2session;
mod house;
mod phone;
