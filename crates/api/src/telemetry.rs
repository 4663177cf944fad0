//! Where log lines go: to standard error, pretty for people and JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::LogFormat;

/// What is logged unless `RUST_LOG` says otherwise. (`actix_http` calls it an error of ours when a
/// caller sends garbage.)
const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_http=off";

/// Starts logging. Later calls change nothing, so that tests can call it too.
pub fn init(format: Option<LogFormat>) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let by_place = if std::io::stderr().is_terminal() {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    };
    let _already_started = match format.unwrap_or(by_place) {
        LogFormat::Pretty => lines.compact().try_init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
    };
}
