//! `wxlogin serve`

use std::io::Write;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::settings::Settings;
use crate::startup::Application;
use crate::telemetry;

pub(super) fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let settings = Settings::load(config)?;
    telemetry::init(settings.log.format);
    actix_web::rt::System::new().block_on(async {
        let application = Application::build(settings).await?;
        // Standard output has the banner and nothing else; log lines go to standard error. If
        // nobody reads it, the service is no worse for it.
        let _ = std::io::stdout().write_all(application.banner().text().as_bytes());
        application.run_until(asked_to_stop()?).await
    })
}

/// Resolves at SIGTERM or SIGINT.
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
