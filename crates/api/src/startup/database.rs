//! The database, and what is done to it besides serving.

use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::audit::{AuditAction, AuditEntry};
use domain::ports::{Clock, SigningKeyRepository};
use domain::time::before;
use persistence::{Database, DatabaseOptions, MasterKeys, RewrapProgress};
use secrecy::SecretString;

use crate::master_key;
use crate::settings::Settings;
use crate::system_clock::SystemClock;
use crate::tokens::new_key;

/// Brings the database to the newest schema.
///
/// # Errors
/// If the database does not answer or refuses.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    // Migrations open nothing that is sealed, so any key will do.
    let any_key = SecretString::from(STANDARD.encode([0; 32]));
    let database = open_database(settings, &[any_key])?;
    let done = database.migrate().await?;
    for migration in &done {
        tracing::info!(migration, "migrated");
    }
    Ok(())
}

/// Makes a new signing key.
///
/// # Errors
/// If the database does not answer or refuses.
pub async fn rotate_keys(settings: &Settings) -> anyhow::Result<()> {
    let database = open_database(settings, &master_key::load(settings)?)?;
    let key = new_key(&SystemClock);
    let longest = settings
        .tokens
        .refresh_ttl_s
        .max(settings.tokens.access_ttl_s);
    let dead_since = before(key.created_at, Duration::from_secs(longest.into()));
    let audit = AuditEntry {
        id: SystemClock.new_id(),
        at: key.created_at,
        actor: String::from("operator"),
        action: AuditAction::RotateKeys,
        user_id: None,
        subject: Some(key.id.to_string()),
        from: None,
    };
    database
        .signing_keys()
        .rotate(key, dead_since, audit)
        .await
        .context("the key was not stored")
}

/// Seals every stored secret under the first master key. Gives what was done.
///
/// # Errors
/// If the database does not answer.
pub async fn rewrap(
    settings: &Settings,
    progress: impl Fn(RewrapProgress) + Send + Sync,
) -> anyhow::Result<RewrapProgress> {
    let database = open_database(settings, &master_key::load(settings)?)?;
    Ok(database.rewrap(progress).await?)
}

pub(super) fn open_database(
    settings: &Settings,
    master_keys: &[SecretString],
) -> anyhow::Result<Database> {
    let url = SecretString::from(settings.database.url.expose());
    let master_keys = MasterKeys::from_base64(master_keys).context("master_key")?;
    let options = DatabaseOptions {
        pool_size: settings.database.pool_size,
        acquire_timeout: Duration::from_millis(settings.database.acquire_timeout_ms.into()),
        ..DatabaseOptions::new(url, master_keys)
    };
    Database::open(options).context("database.url")
}
