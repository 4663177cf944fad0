//! The schema at start-up: brought up to date now, or as soon as the database is there.

use std::time::Duration;

use anyhow::Context;
use persistence::Database;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long to wait before trying again, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long the start waits for PostgreSQL to be migrated: enough for an empty database on a busy
/// machine. A big table, or another replica that has the lock, may take much longer; the service
/// starts without it then, and answers 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// Migrates the database. A SQLite file that cannot be used now never will be, so that is an
/// error; a PostgreSQL server may come later, and until then the replica is not ready.
pub(crate) async fn bring_up_to_date(database: &Database, is_sqlite: bool) -> anyhow::Result<()> {
    if is_sqlite {
        let done = database.migrate().await.context("database.url")?;
        tell(&done);
        return Ok(());
    }
    let (tried, first_try) = oneshot::channel();
    tokio::spawn(keep_trying(database.clone(), tried));
    if timeout(PATIENCE, first_try).await.is_err() {
        tracing::warn!(
            "the migration of the database takes long or waits for another one; the service starts, and is not ready until it is done"
        );
    }
    Ok(())
}

/// Migrates until it succeeds. `tried` hears of the first end, good or bad.
async fn keep_trying(database: Database, tried: oneshot::Sender<()>) {
    let mut tried = Some(tried);
    let mut wait = FIRST_WAIT;
    loop {
        let outcome = database.migrate().await;
        if let Some(tried) = tried.take() {
            // The start may have stopped waiting.
            let _ = tried.send(());
        }
        match outcome {
            Ok(done) => return tell(&done),
            Err(error) => {
                tracing::error!(%error, "the database is not up to date; the service keeps trying");
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
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
