//! The time to readiness and the memory of the service without load.

use std::time::Duration;

use tempfile::TempDir;

use crate::postgres::Postgres;
use crate::programs::{Binaries, Service, Transport, Wechat};
use crate::report::{median, megabytes};
use crate::scenario::Database;

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
    let wechat = Wechat::start(binaries, home.path(), Duration::ZERO, Transport::Http)?;
    println!("\n### At rest\n\n| on | ready after ms | memory MB |\n|---|---|---|");
    for database in [Database::Postgres, Database::Sqlite] {
        let mut builds = Vec::new();
        for service in [Service::Wxlogin, Service::WxloginAgainst] {
            if service == Service::Wxlogin || binaries.against.is_some() {
                let name = format!("footprint-{service:?}");
                let store = database.store(postgres, home, &name)?;
                builds.push((service, store, Vec::new(), 0));
            }
        }
        // The first start makes the schema.
        for nth in 0..=STARTS {
            for (service, (store, _), ready, memory) in &mut builds {
                let program = service.start(binaries, home.path(), store, &wechat)?;
                if nth > 0 {
                    ready.push(program.ready_after.as_secs_f64() * 1_000.0);
                }
                if nth == STARTS {
                    tokio::time::sleep(IDLE).await;
                    *memory = program.meter()?.memory();
                }
            }
        }
        for (service, _, ready, memory) in builds {
            println!(
                "| {database:?}, {} | {:.0} | {:.1} |",
                service.name(),
                median(ready),
                megabytes(memory)
            );
        }
    }
    let size = std::fs::metadata(&binaries.wxlogin)?.len();
    println!("\nThe binary has {:.1} MB.", megabytes(size));
    Ok(())
}
