//! Users, sessions, the ports around them and the use cases.
//!
//! This crate knows no framework. What it needs from outside (WeChat, a database, a clock, a
//! token format) it says as a trait in [`ports`]; other crates implement these traits, and the
//! program's composition root puts the two together.
//!
//! | module | holds |
//! |---|---|
//! | [`id`], [`secret`], [`time`] | the small values everything is made of |
//! | [`app`] | the mini programs this service logs users in for |
//! | [`profile`], [`user`], [`session`], [`visit`], [`open_data`], [`audit`] | the model |
//! | [`ports`] | what an adapter must do |
//! | [`login`], [`access`], [`sessions`], [`account`], [`avatars`], [`personal_data`], [`signatures`], [`push`], [`support`] | the use cases |

#![expect(missing_docs, reason = "a name that says it all has no doc line")]
#![expect(
    clippy::must_use_candidate,
    reason = "a value that is not used does no harm"
)]

pub mod access;
pub mod account;
pub mod app;
pub mod audit;
pub mod avatars;
pub mod id;
pub mod login;
mod named_enum;
pub mod open_data;
pub mod personal_data;
pub mod ports;
pub mod profile;
pub mod push;
pub mod secret;
pub mod session;
pub mod sessions;
pub mod signatures;
pub mod support;
#[cfg(feature = "testing")]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "fakes and suites of tests fail by panicking"
)]
pub mod testing;
pub mod time;
pub mod user;
pub mod visit;
