//! The database, and what is done to it besides serving.

use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::audit::{AuditAction, AuditActor, AuditEntry, Caller};
use domain::ports::SigningKeyRepository;
use persistence::{Database, DatabaseOptions, GivenUp, MasterKeys, RewrapProgress};
use secrecy::SecretString;

use super::{master_key, migrations};
use crate::machine_time::SystemClock;
use crate::settings::Settings;
use crate::tokens::{KEPT_LONGER, new_secret};

/// Brings the database to the newest schema.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    // Migrations open nothing that is sealed, so any key will do.
    let any_key = SecretString::from(STANDARD.encode([0; 32]));
    let database = open_database(settings, &[any_key])?;
    migrations::examine(&database).await?;
    let done = database.migrate().await?;
    for migration in &done {
        tracing::info!(migration, "migrated");
    }
    Ok(())
}

/// Makes a new signing key.
pub async fn rotate_keys(settings: &Settings) -> anyhow::Result<()> {
    let database = open_database(settings, &master_key::load(settings)?)?;
    let key = new_secret(settings.tokens.algorithm, &SystemClock)
        .context("a signing key cannot be made")?;
    let tokens = &settings.tokens;
    let longest = tokens.refresh_ttl_s.max(tokens.access_ttl_s);
    let dead_after = Duration::from_secs(longest.into()) + KEPT_LONGER;
    let audit = by_operator(AuditAction::RotateKeys, Some(key.id.to_string()));
    database
        .signing_keys()
        .rotate(key, dead_after, audit)
        .await
        .context("the key was not stored")
}

/// Gives up what the master keys do not open. Gives what that was.
pub async fn reset_keys(settings: &Settings) -> anyhow::Result<GivenUp> {
    let database = open_database(settings, &master_key::load_after_loss(settings)?)?;
    let audit = by_operator(AuditAction::ResetKeys, None);
    Ok(database.give_up_what_is_lost(audit).await?)
}

fn by_operator(action: AuditAction, subject: Option<String>) -> AuditEntry {
    let operator = Caller {
        actor: AuditActor::Operator,
        from: None,
    };
    AuditEntry {
        subject,
        ..operator.entry(action, &SystemClock)
    }
}

/// Seals every stored secret under the first master key. Gives what was done.
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
        timeout: Duration::from_millis(settings.database.timeout_ms.into()),
        ..DatabaseOptions::new(url, master_keys)
    };
    Database::open(options).context("database.url")
}
