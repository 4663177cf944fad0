//! Logging to standard error: pretty for people, JSON for machines.

mod json_fields;
mod log_writer;

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::settings::LogFormat;
use json_fields::JsonFields;
use log_writer::LogWriter;
pub(crate) use log_writer::{LogGuard, dropped_lines};

/// What is logged unless `RUST_LOG` says otherwise. (`actix_http` calls it an error of ours when a
/// caller sends garbage.)
fn default_filter() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("actix_server", LevelFilter::WARN)
        .with_target("actix_http", LevelFilter::OFF)
}

/// Starts logging. Later calls change nothing. A reader of standard error that is slow or stands still does
/// not stop the service: lines are dropped and counted instead.
pub(crate) fn init(format: Option<LogFormat>) -> std::io::Result<LogGuard> {
    let (writer, guard) = LogWriter::start(std::io::stderr())?;
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(move || writer.clone());
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
    Ok(guard)
}

/// Phone numbers are personal data, and the library that reads them logs them at `trace`.
fn without_numbers(filter: EnvFilter) -> EnvFilter {
    match "rlibphonenumber=off".parse() {
        Ok(off) => filter.add_directive(off),
        Err(_never) => filter,
    }
}

/// `RUST_LOG` may filter by spans and their fields, which is work at every step of a request; the
/// default does not.
fn start(lines: impl Layer<Registry> + Send + Sync) {
    let lines = tracing_subscriber::registry().with(lines);
    let _already_started = match EnvFilter::try_from_default_env() {
        Ok(filter) => lines.with(without_numbers(filter)).try_init(),
        Err(_unset_or_wrong) => lines.with(default_filter()).try_init(),
    };
}
