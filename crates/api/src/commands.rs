//! The commands, one a file.

mod backup;
mod check;
mod explain;
mod keys;
mod migrate;
mod openapi;
mod print;
mod serve;

use crate::cli::{Cli, Command};

/// Does what the command line says.
pub fn run(cli: &Cli) -> anyhow::Result<()> {
    let config = cli.config.as_deref();
    match cli.command.clone().unwrap_or_default() {
        Command::Serve => serve::run(config),
        Command::Migrate => migrate::run(config),
        Command::Check => check::run(config),
        Command::Backup { file } => backup::run(config, &file),
        Command::Keys { command } => keys::run(config, &command),
        Command::Openapi => openapi::run(),
        Command::Explain { error } => explain::run(&error),
    }
}
