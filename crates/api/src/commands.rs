//! The commands, one a file.

mod backup;
mod check;
mod explain;
mod keys;
mod serve;

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::cli::{Cli, Command};
use crate::settings::Settings;
use crate::telemetry::{self, LogGuard};
use crate::{http, startup};

/// Does what the command line says.
pub fn run(cli: &Cli) -> anyhow::Result<()> {
    let config = cli.config.as_deref();
    match cli.command.clone().unwrap_or_default() {
        Command::Serve => serve::run(config),
        Command::Migrate => migrate(config),
        Command::Check => check::run(config),
        Command::Backup { file } => backup::run(config, &file),
        Command::Keys { command } => keys::run(config, &command),
        Command::Openapi => Ok(print(http::openapi_text())?),
        Command::Explain { error } => explain::run(&error),
    }
}

fn migrate(config: Option<&Path>) -> anyhow::Result<()> {
    let (settings, _log) = settings_and_log(config)?;
    actix_web::rt::System::new().block_on(startup::migrate(&settings))?;
    Ok(print("the database has the newest schema\n")?)
}

fn settings_and_log(config: Option<&Path>) -> anyhow::Result<(Settings, LogGuard)> {
    let settings = Settings::load(config)?;
    let log = telemetry::init(settings.log.format)?;
    Ok((settings, log))
}

/// Prints `text`. A reader who has seen enough and goes away, as `head` does, is no failure.
fn print(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
