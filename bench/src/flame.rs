//! Flame graphs: where the service's time goes under load, by perf (Linux) and inferno.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::load::Window;
use crate::postgres::Postgres;
use crate::programs::{Binaries, Service, Store, Wechat};
use crate::scenario::Scenario;

/// How long the load lasts; the samples are taken in its second half.
const WINDOW: Window = Window {
    warm_up: Duration::from_secs(4),
    measured: Duration::from_secs(6),
};

/// Samples a second; not a divisor of anything periodic.
const FREQUENCY: &str = "997";

/// Draws the service under the load of `scenario` into the file `picture`, an SVG.
///
/// # Errors
/// If perf or inferno is missing, or perf may not look.
pub(crate) async fn draw(
    binaries: &Binaries,
    postgres: &Postgres,
    home: &TempDir,
    scenario: &Scenario,
    picture: &Path,
) -> anyhow::Result<()> {
    let wechat = Wechat::start(
        binaries,
        home.path(),
        scenario.wechat_latency,
        scenario.transport,
    )?;
    let database = postgres.database()?;
    let store = Store {
        url: database.url(),
    };
    let program = Service::Wxlogin.start(binaries, home.path(), &store, &wechat)?;
    let samples = home.path().join("perf.data");
    // It waits while the load warms up, then looks as long as the window is open.
    let perf = Command::new("sh")
        .args(["-c", "sleep \"$0\"; exec perf record \"$@\""])
        .arg(WINDOW.warm_up.as_secs().to_string())
        .args(["-e", "cpu-clock", "-F", FREQUENCY, "--call-graph", "fp"])
        .args(["-p", &program.pid().to_string(), "-o"])
        .arg(&samples)
        .args(["--", "sleep", &WINDOW.measured.as_secs().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut perf = perf.context("this needs perf (Debian: `apt install linux-perf`)")?;
    let cost = scenario.put_on(Service::Wxlogin, &program, None, WINDOW, 1);
    let rate = cost.await?.tally.rate();
    ensure!(
        perf.wait()?.success(),
        "perf record failed; may you sample?"
    );
    let title = format!("wxlogin: {}", scenario.title);
    render(&samples, home.path(), &title, picture)?;
    eprintln!("{}: {rate:.0}/s while it was drawn", picture.display());
    Ok(())
}

fn render(samples: &Path, home: &Path, title: &str, picture: &Path) -> anyhow::Result<()> {
    let stacks: PathBuf = home.join("stacks");
    let folded: PathBuf = home.join("folded");
    let mut script = Command::new("perf");
    run(
        script.args(["script", "--no-inline", "-i"]).arg(samples),
        &stacks,
    )?;
    run(Command::new("inferno-collapse-perf").arg(&stacks), &folded)?;
    let mut flames = Command::new("inferno-flamegraph");
    run(
        flames
            .args(["--minwidth", "0.3", "--title", title])
            .arg(&folded),
        picture,
    )
}

fn run(command: &mut Command, output: &Path) -> anyhow::Result<()> {
    let name = command.get_program().display().to_string();
    let command = command.stdout(File::create(output)?).stderr(Stdio::null());
    let status = command.status();
    let status = status.with_context(|| {
        format!("{name} is missing; this needs perf and inferno (`cargo install inferno`)")
    })?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}
