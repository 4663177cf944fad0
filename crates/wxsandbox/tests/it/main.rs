//! The sandbox over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod access;
mod cloud;
mod code2session;
mod component;
mod control;
mod faults;
mod open_data;
mod payment;
mod payment_calls;
mod phone;
mod phone_number;
mod program;
mod push;
mod quotas;
mod receiver;
mod security;
mod session;
mod small_calls;
mod stack;
mod tokens;
