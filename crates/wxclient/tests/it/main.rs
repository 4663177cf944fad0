//! The client against real sockets.
#![expect(clippy::unwrap_used, reason = "a helper reports to its test alone")]

mod app_calls;
mod breaker;
mod component;
mod exchange;
mod faults;
mod observer;
mod proxy;
mod roots;
mod sandbox;
mod sandbox_app;
mod sandbox_faults;
mod secrecy;
mod security;
mod server;
mod tokens;
mod user_api;
mod wechat;
