//! WeChat's server API for Mini Programs over HTTP: a client that never surprises.
//!
//! | module | holds |
//! |---|---|
//! | [`client`] | [`WechatClient`], how to build one, and its policy: deadlines, limits, retries |
//! | [`app`] | the mini program a call is made for, with its AppSecret |
//! | [`api`] | the calls by name and path |
//! | [`catalogue`] | every errcode: what it means, who must act, what the service answers |
//! | [`error`] | [`WechatError`], which derives all it says from the catalogue |
//! | [`exchanger`] | [`HttpCodeExchanger`], the adapter of the domain's port |
#![doc = ""]
#![doc = include_str!("../README.md")]

pub mod api;
pub mod app;
pub mod catalogue;
pub mod client;
mod code2session;
pub mod error;
pub mod exchanger;
mod wire;

pub use api::Api;
pub use app::{App, AppSecret};
pub use client::{BuildError, WechatClient, WechatClientBuilder};
pub use error::{Fault, WechatError};
pub use exchanger::HttpCodeExchanger;
