//! wxlogin, the login backend for WeChat Mini Programs: HTTP, settings, telemetry, the token
//! format, and the composition root that puts the crates together.

mod background;
pub mod banner;
pub mod cli;
pub mod commands;
pub mod http;
mod machine_time;
mod master_key;
mod metrics;
pub mod ops;
mod phone_numbers;
mod readiness;
mod relay;
mod schema;
mod service_clock;
mod session_memory;
pub mod settings;
pub mod startup;
mod system_clock;
pub mod telemetry;
pub mod tokens;
