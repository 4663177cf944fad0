//! A simulator of WeChat's server side and of the phone, to develop Mini Program logins against.
//!
//! It plays three parts over plain HTTP:
//!
//! - **WeChat's servers**: `/sns/jscode2session` and the other calls a login backend makes, with
//!   state behind them (codes are single-use, session keys are replaced, tokens age, quotas fill).
//! - **the phone**: `/phone/{user}/login` is `wx.login`, `/phone/{user}/profile` is
//!   `wx.getUserInfo`, and so on.
//! - **the puppeteer**: `/sandbox/…` adds users and apps, moves the clock and injects faults.
//!
//! Tests start it in their own process and control it with [`Control`]:
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use wxsandbox::{Sandbox, SandboxConfig};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start(SandboxConfig::default(), SocketAddr::from(([127, 0, 0, 1], 0)))?;
//! let app_id = sandbox.control().first_app_id()?;
//! let code = sandbox.control().phone("alice", &app_id)?.login()?;
//! println!("exchange {code} at {}/sns/jscode2session", sandbox.base_url());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Where WeChat's documents are silent, `ASSUMPTIONS.md` beside this crate's manifest says what the
//! sandbox does and how sure that is.

#![expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "a test that does not use a value shows it"
)]

mod api;
mod clock;
mod cloud;
mod config;
mod control;
mod crypto;
mod dice;
mod errors;
mod faults;
mod guard;
mod loopback;
mod not_found;
mod outbound;
mod page;
mod phone;
mod push;
mod server;
mod state;
mod wire;

/// The README's example, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use api::{Api, UnknownApi};
pub use clock::Moment;
pub use config::{
    ApiLimit, ApiSecurityConfig, AppConfig, ClockStart, CloudConfig, ComponentConfig, ConfigError,
    DEFAULT_SEED, Gender, Goods, PhoneNumber, Policy, Profile, PushConfig, PushFormat, PushMode,
    ResourcePack, SandboxConfig, UserConfig, VirtualPaymentConfig,
};
pub use control::{ComponentKeys, Control, ControlError, FaultState, StateSummary, UserState};
pub use faults::{Fault, FaultEffect};
pub use loopback::{is_loopback, is_loopback_authority};
pub use phone::{
    Destination, EncryptedData, LatestUserKey, OpenDataOptions, Payment, Phone, PhoneError,
    PhoneNumberGrant, Prefetched, ProfileKind, UserInfo, VirtualPayment, VirtualPaymentFailure,
};
pub use push::{Attempt, Delivery, UserDataEvent};
pub use server::{Listen, RunningSandbox, Sandbox, StartError};
pub use state::calls::CallRecord;
pub use state::notices::PaymentNotice;
