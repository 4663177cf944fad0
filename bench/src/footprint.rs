//! The time to readiness and the memory of the service without load.

use std::time::Duration;

use tempfile::TempDir;

use crate::postgres::Postgres;
use crate::programs::{Binaries, Service, Store, Wechat};
use crate::report::{median, megabytes};

/// How often it is started.
const STARTS: usize = 7;

/// How long it is left alone before its memory is looked at.
const IDLE: Duration = Duration::from_secs(5);

/// Prints how soon it is ready with the schema in place, its memory when idle, and its size.
///
/// # Errors
/// If it does not start.
pub(crate) async fn print(
    binaries: &Binaries,
    postgres: &Postgres,
    home: &TempDir,
) -> anyhow::Result<()> {
    let wechat = Wechat::start(binaries, home.path(), Duration::ZERO)?;
    let database = postgres.database()?;
    let on_disk = home.path().join("footprint.db");
    let stores = [
        ("PostgreSQL", database.url()),
        ("SQLite", format!("sqlite://{}", on_disk.display())),
    ];
    println!("\n### At rest\n\n| on | ready after ms | memory MB |\n|---|---|---|");
    for (name, url) in stores {
        let store = Store { url };
        let start = || Service::Wxlogin.start(binaries, home.path(), &store, &wechat);
        // The first start makes the schema.
        drop(start()?);
        let mut ready = Vec::new();
        let mut memory = 0;
        for nth in 1..=STARTS {
            let program = start()?;
            ready.push(program.ready_after.as_secs_f64() * 1_000.0);
            if nth == STARTS {
                tokio::time::sleep(IDLE).await;
                memory = program.meter()?.memory();
            }
        }
        println!(
            "| {name} | {:.0} | {:.1} |",
            median(ready),
            megabytes(memory)
        );
    }
    let size = std::fs::metadata(&binaries.wxlogin)?.len();
    println!("\nThe binary has {:.1} MB.", megabytes(size));
    Ok(())
}
