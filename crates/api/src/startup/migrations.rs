//! Migrations at the start: at once, or as soon as the database is available.

use std::time::Duration;

use anyhow::{Context, bail};
use persistence::{Database, Finding, MigrateError};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long to wait before trying again, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long the start waits for PostgreSQL to be migrated: enough for an empty database on a busy
/// machine. A big table, or another replica that has the lock, may take much longer; the service
/// starts without it then, and answers 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// [Examines](examine) the database and says whether it certainly has the newest schema: at the same
/// time, because each takes connections of its own.
pub(super) async fn look(database: Database) -> anyhow::Result<bool> {
    let (is_fit, is_newest) = tokio::join!(examine(&database), database.is_newest());
    is_fit?;
    Ok(is_newest.unwrap_or(false))
}

/// Refuses a database that the service must not use, and warns of one that it should not. One that
/// does not answer yet is looked at later.
pub(crate) async fn examine(database: &Database) -> anyhow::Result<()> {
    let findings = match database.examine().await {
        Ok(findings) => findings,
        Err(error) => {
            tracing::debug!(%error, "the database could not be looked at");
            return Ok(());
        }
    };
    for finding in findings {
        match finding {
            Finding::Unfit(text) => bail!("database.url: {text}"),
            Finding::Warning(text) | Finding::Advice(text) => tracing::warn!("database: {text}"),
        }
    }
    Ok(())
}

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
    let Ok(first_try) = timeout(PATIENCE, first_try).await else {
        tracing::warn!(
            "the migration of the database takes long or waits for another one; the service starts, and is not ready until it is done"
        );
        return Ok(());
    };
    first_try.unwrap_or(Ok(())).context("database.url")
}

/// Migrates until it succeeds. `tried` hears of the first end; it is bad if no other attempt is of
/// use.
async fn keep_trying(database: Database, tried: oneshot::Sender<Result<(), MigrateError>>) {
    let mut tried = Some(tried);
    let mut wait = FIRST_WAIT;
    loop {
        let outcome = database.migrate().await;
        match outcome {
            Ok(done) => {
                tell(&done);
                // The start may have stopped waiting.
                let _ = tried.take().map(|tried| tried.send(Ok(())));
                return;
            }
            Err(error)
                if error.is_final() && tried.as_ref().is_some_and(|tried| !tried.is_closed()) =>
            {
                let _ = tried.take().map(|tried| tried.send(Err(error)));
                return;
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::new(error));
                tracing::error!(
                    error,
                    "the database is not up to date; the service keeps trying"
                );
                let _ = tried.take().map(|tried| tried.send(Ok(())));
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        while let Err(error) = examine(&database).await {
            let error = format!("{error:#}");
            tracing::error!(error, "the service must not use the database as it is");
            tokio::time::sleep(wait).await;
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
