//! WeChat's server API for Mini Programs over HTTP: a client that never surprises.
//!
//! | module | holds |
//! |---|---|
//! | [`client`] | [`WechatClient`], how to build one, and its policy: deadlines, limits, retries |
//! | [`app`] | the mini program a call is made for, with its AppSecret |
//! | [`app_client`] | [`AppClient`]: the calls that need an access_token |
//! | [`token`] | access tokens |
//! | [`component`] | third-party platforms; for users of this crate, the service does not use it |
//! | [`security`] | API signing and encryption |
//! | [`cloud`] | the identity in the headers of WeChat's cloud hosting |
//! | [`api`] | the calls by name and path |
//! | [`catalogue`] | every errcode: what it means, who must act, whether to ask again |
//! | [`error`] | [`WechatError`], which derives all it says from the catalogue |
//! | [`adapters`] | [`HttpCodeExchanger`] and [`HttpWechatApi`], the adapters of the domain's ports |
#![doc = ""]
#![doc = include_str!("../README.md")]
#![expect(missing_docs, reason = "a name that says it all has no doc line")]
#![expect(
    clippy::must_use_candidate,
    reason = "a value that is not used does no harm"
)]

pub mod adapters;
pub mod api;
pub mod app;
pub mod app_client;
pub mod catalogue;
pub mod client;
pub mod cloud;
mod code2session;
pub mod component;
pub mod error;
mod json;
pub mod security;
pub mod token;

pub use adapters::{HttpCodeExchanger, HttpWechatApi};
pub use api::Api;
pub use app::{App, AppSecret};
pub use app_client::AppClient;
pub use client::{BuildError, CallObserver, ClientOptions, Policy, WechatClient};
pub use error::{Fault, WechatError};
