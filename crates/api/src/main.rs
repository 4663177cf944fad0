//! The `wxlogin` program.

use std::process::ExitCode;

use api::cli::Cli;
use clap::Parser;

fn main() -> ExitCode {
    match api::commands::run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wxlogin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
