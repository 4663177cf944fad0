//! The whole house: service, sandbox and database, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail by panicking, as the tests do"
)]

mod arrows;
mod envelope;
mod house;
mod limits;
mod login;
mod login_open_data;
mod login_repeats;
mod me;
mod process;
mod wechat_check;
mod wechat_faults;
mod wechat_service;
