//! The sandbox as a program of its own.

mod arguments;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::{fs, thread};

use arguments::Arguments;
use clap::Parser;
use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;
use wxsandbox::{AppConfig, ClockStart, RunningSandbox, Sandbox, SandboxConfig};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,wxsandbox=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let arguments = Arguments::parse();
    let outcome = if arguments.probe {
        probe(&arguments).await
    } else {
        serve(arguments).await
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Failure> {
    let mut signals = StopSignals::listen()?;
    let config = configuration(&arguments)?;
    let (apps, control) = (config.apps.clone(), config.control);
    let sandbox = Sandbox::start(config, arguments.listen)?;
    greet(&sandbox, &apps, control);
    signals.wait().await;
    sandbox.stop().await;
    Ok(())
}

/// Asks a running sandbox whether it answers.
async fn probe(arguments: &Arguments) -> Result<(), Failure> {
    let url = format!("http://{}/sns/jscode2session", arguments.listen);
    let client = reqwest::Client::builder().no_proxy().build()?;
    client.get(url).send().await?.error_for_status()?;
    Ok(())
}

fn configuration(arguments: &Arguments) -> Result<SandboxConfig, Failure> {
    let mut config = match &arguments.config {
        None => SandboxConfig::seeded(arguments.seed),
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            SandboxConfig::from_toml(&text)
                .map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    if let Some(moment) = arguments.fixed_clock_ms {
        config.clock = ClockStart::Fixed(moment);
    }
    if arguments.no_control {
        config.control = false;
    }
    if arguments.allow_remote {
        config.allow_remote = true;
    }
    if arguments.service.is_some() {
        config.service.clone_from(&arguments.service);
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    config.workers = arguments.workers.unwrap_or(cores);
    Ok(config)
}

/// What one needs to begin, on standard output; the secrets open nothing but this sandbox.
///
/// The text is written at once and without an error, because a reader may read only its first
/// lines, as `head` does, and the sandbox goes on.
fn greet(sandbox: &RunningSandbox, apps: &[AppConfig], control: bool) {
    let base = sandbox.base_url();
    let mut lines = vec![format!("WeChat's sandbox listens at {base}")];
    for app in apps {
        let secret = app.secret.expose_secret();
        lines.push(format!("  app {} secret {secret} {}", app.app_id, app.name));
    }
    lines.push(format!(
        "wx.login of alice: curl -s -X POST '{base}/phone/alice/login'"
    ));
    if control {
        lines.push(format!("the phone in a browser: {base}/"));
    }
    let text = lines.join("\n") + "\n";
    let mut stdout = std::io::stdout().lock();
    let _written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// The signals that end the program. They are listened for from the start, so that none ends it
/// without the sandbox being stopped.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
