//! The schema at start-up: brought up to date now, or as soon as the database is there.

use std::time::Duration;

use anyhow::Context;
use persistence::Database;

/// How long to wait before trying again, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Migrates the database. A SQLite file that cannot be used now never will be, so that is an
/// error; a PostgreSQL server may come later, and until then the replica is not ready.
pub(crate) async fn bring_up_to_date(database: &Database, is_sqlite: bool) -> anyhow::Result<()> {
    match database.migrate().await {
        Ok(done) => tell(&done),
        Err(error) if is_sqlite => return Err(error).context("database.url"),
        Err(error) => {
            tracing::error!(%error, "the database is not up to date; the service starts and keeps trying");
            tokio::spawn(keep_trying(database.clone()));
        }
    }
    Ok(())
}

async fn keep_trying(database: Database) {
    let mut wait = FIRST_WAIT;
    loop {
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        match database.migrate().await {
            Ok(done) => return tell(&done),
            Err(error) => tracing::error!(%error, "the database is still not up to date"),
        }
    }
}

fn tell(done: &[String]) {
    if !done.is_empty() {
        tracing::info!(
            migrations = done.len(),
            "the database has the newest schema now"
        );
    }
}
