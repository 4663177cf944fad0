//! What logins cost as the table grows.

mod seed;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use testpg::TestDatabase;

use crate::compare::Effort;
use crate::guests::Guests;
use crate::load::Pace;
use crate::measurement::{Cost, Watched, measure};
use crate::postgres::Postgres;
use crate::programs::{Binaries, Program, Service, Store, Transport, Wechat};
use crate::report::median;
use crate::scripts::LogIn;

/// How many log in at once.
const CONNECTIONS: usize = 256;

/// A database with so many users.
struct Stage {
    users: u64,
    database: TestDatabase,
    /// They go on from round to round, so that no request finds rows that an earlier one brought into a cache.
    guests: Arc<Guests>,
    rounds: Vec<Cost>,
}

/// Measures logins of users picked from all over a table of each of `sizes`, and prints a table.
///
/// # Errors
/// If something does not start, or an answer is not 200.
pub(crate) async fn grow(
    binaries: &Binaries,
    postgres: &Postgres,
    home: &TempDir,
    sizes: &[u64],
    effort: Effort,
) -> anyhow::Result<()> {
    let wechat = Wechat::start(binaries, home.path(), Duration::ZERO, Transport::Http)?;
    let mut stages = Vec::new();
    for users in sizes {
        let database = postgres.database()?;
        // The service makes the schema.
        drop(start(binaries, home, &database, &wechat)?);
        eprintln!("growth: putting {users} users into a table");
        seed::fill(&database, *users)?;
        stages.push(Stage {
            users: *users,
            database,
            guests: Guests::returning(*users),
            rounds: Vec::new(),
        });
    }
    for round in 1..=effort.rounds {
        for stage in &mut stages {
            let program = start(binaries, home, &stage.database, &wechat)?;
            seed::warm(&stage.database)?;
            // Each begins with the same distance to the last checkpoint.
            stage.database.run("CHECKPOINT")?;
            let run = u32::try_from(round)?;
            let log_in = |_| LogIn::new(&stage.guests, run);
            let scripts = (0..CONNECTIONS).map(log_in).collect();
            let watched = Watched {
                service: &program,
                database: Some(postgres.meter()?),
            };
            let cost = measure(watched, scripts, Pace::AtOnce, effort.window).await?;
            let users = stage.users;
            eprintln!(
                "growth, round {round}, {users} users: {:.0}/s",
                cost.tally.rate()
            );
            stage.rounds.push(cost);
        }
    }
    println!("{}", table(&stages));
    Ok(())
}

fn start(
    binaries: &Binaries,
    home: &TempDir,
    database: &TestDatabase,
    wechat: &Wechat,
) -> anyhow::Result<Program> {
    let url = database.url();
    Service::Wxlogin.start(binaries, home.path(), &Store { url }, wechat)
}

fn table(stages: &[Stage]) -> String {
    let mut table = format!(
        "\n### Logins as the table grows, {CONNECTIONS} at once\n\n| users | per second | p50 ms | p99 ms | its CPU µs | PostgreSQL's CPU µs |\n|---|---|---|---|---|---|\n"
    );
    for stage in stages {
        let of = |figure: &dyn Fn(&Cost) -> f64| median(stage.rounds.iter().map(figure).collect());
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "| {} | {:.0} | {:.2} | {:.2} | {:.1} | {:.0} |",
            stage.users,
            of(&|cost| cost.tally.rate()),
            of(&|cost| cost.tally.quantile_ms(0.5)),
            of(&|cost| cost.tally.quantile_ms(0.99)),
            of(&|cost| cost.service_us),
            of(&|cost| cost.database_us.unwrap_or(f64::NAN)),
        );
    }
    table
}
