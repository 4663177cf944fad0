//! Where log lines go: to standard error, pretty for people and JSON for machines.

mod json_fields;

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::settings::LogFormat;
use json_fields::JsonFields;

/// What is logged unless `RUST_LOG` says otherwise. (`actix_http` calls it an error of ours when a
/// caller sends garbage.)
fn default_filter() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("actix_server", LevelFilter::WARN)
        .with_target("actix_http", LevelFilter::OFF)
}

/// Starts logging. Later calls change nothing, so that tests can call it too.
pub fn init(format: Option<LogFormat>) {
    let lines = fmt::layer().with_writer(std::io::stderr);
    let by_place = if std::io::stderr().is_terminal() {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    };
    match format.unwrap_or(by_place) {
        LogFormat::Pretty => start(lines.compact()),
        LogFormat::Json => start(
            lines
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .fmt_fields(JsonFields),
        ),
    }
}

/// `RUST_LOG` may filter by spans and their fields, which is work at every step of a request; the
/// default does not.
fn start(lines: impl Layer<Registry> + Send + Sync) {
    let lines = tracing_subscriber::registry().with(lines);
    let _already_started = match EnvFilter::try_from_default_env() {
        Ok(filter) => lines.with(filter).try_init(),
        Err(_unset_or_wrong) => lines.with(default_filter()).try_init(),
    };
}
