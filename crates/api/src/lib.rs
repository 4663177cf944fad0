//! wxlogin, the login backend for WeChat Mini Programs: HTTP, settings, telemetry, the token
//! format, and the composition root that puts the crates together.

#![expect(
    clippy::must_use_candidate,
    reason = "a value that is not used does no harm"
)]

pub mod cli;
pub mod commands;
pub mod http;
mod machine_time;
mod metrics;
mod ops;
mod phone_numbers;
mod phone_quota;
mod relay;
mod session_memory;
pub mod settings;
pub mod startup;
mod telemetry;
mod tokens;

pub use metrics::page as metrics_page;
