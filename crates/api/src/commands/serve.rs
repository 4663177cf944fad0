//! `wxlogin serve`

use std::io::Write;
use std::path::Path;
use std::pin::pin;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::settings_and_log;
use crate::startup::Application;

/// Threads of the main runtime: where logins and calls to WeChat run. Two, so that one login that
/// computes does not hold up the answers for all others.
const THREADS: usize = 2;

pub(super) fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("wxlogin-main")
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(config));
    // A call to the database that hangs must not keep the process from ending.
    runtime.shutdown_background();
    served
}

async fn serve(config: Option<&Path>) -> anyhow::Result<()> {
    // Before anything that may take its time.
    let mut asked_to_stop = pin!(asked_to_stop()?);
    let (settings, _log) = settings_and_log(config)?;
    // A task of its own, because a part of it may block its thread.
    let start = tokio::spawn(Application::build(settings));
    let application = tokio::select! {
        started = start => started??,
        () = &mut asked_to_stop => {
            tracing::info!("asked to stop before the start was done: stopped");
            return Ok(());
        }
    };
    // Standard output has the banner and nothing else; log lines go to standard error. The service
    // runs also if the banner is not read.
    let _ = std::io::stdout().write_all(application.banner().text().as_bytes());
    application.run_until(asked_to_stop).await
}

/// Resolves at SIGTERM or SIGINT, which end the process no more from the call on.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
