//! The sandbox as a program of its own.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use secrecy::ExposeSecret;
use wxsandbox::{RunningSandbox, Sandbox, SandboxConfig, StartError};

/// A simulator of WeChat's server side and of the phone.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "WXSANDBOX_LISTEN", default_value = "127.0.0.1:5001")]
    listen: SocketAddr,
    /// Ids are derived from it: the same seed, the same appids, secrets and openids.
    #[arg(long, env = "WXSANDBOX_SEED", default_value_t = wxsandbox::DEFAULT_SEED)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), StartError> {
    let config = SandboxConfig::seeded(arguments.seed);
    let apps = config.apps.clone();
    let sandbox = Sandbox::start(config, arguments.listen)?;
    tracing::info!("WeChat's sandbox listens at {}", sandbox.base_url());
    for app in apps {
        let secret = app.secret.expose_secret();
        tracing::info!("app {} (secret {secret}): {}", app.app_id, app.name);
    }
    until_told_to_stop(sandbox).await;
    Ok(())
}

async fn until_told_to_stop(sandbox: RunningSandbox) {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!("cannot wait for Ctrl-C: {error}");
    }
    sandbox.stop().await;
}
