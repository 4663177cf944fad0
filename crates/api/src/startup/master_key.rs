//! The master key: configured, or made at the first start beside the SQLite file.

mod key_file;

use std::path::Path;

use anyhow::{Context, bail};
use persistence::{Database, DatabaseKind};
use secrecy::SecretString;

use crate::settings::Settings;

pub(crate) fn load(settings: &Settings) -> anyhow::Result<Vec<SecretString>> {
    keys(settings, false)
}

/// The same after the loss of the key: another one is made, whatever the database holds.
pub(crate) fn load_after_loss(settings: &Settings) -> anyhow::Result<Vec<SecretString>> {
    keys(settings, true)
}

fn keys(settings: &Settings, is_lost: bool) -> anyhow::Result<Vec<SecretString>> {
    if !settings.master_key.is_empty() {
        let keys = settings.master_key.iter();
        return Ok(keys.map(|key| SecretString::from(key.expose())).collect());
    }
    let Some(DatabaseKind::Sqlite(database)) = settings.database.kind() else {
        bail!(
            "master_key is missing; with PostgreSQL give 32 random bytes in base64 as WXLOGIN_MASTER_KEY or \
             WXLOGIN_MASTER_KEY_FILE, for example from `openssl rand -base64 32`, and keep them: without them \
             what is stored cannot be opened"
        );
    };
    let database = Path::new(database);
    let file = database.with_file_name("master.key");
    let key = read_or_make(&file, database, is_lost)
        .with_context(|| format!("the master key in {}", file.display()))?;
    Ok(vec![key])
}

/// The key in `file`, made now if there is none. Of two processes that start at once, both use the key of
/// the one that was first.
fn read_or_make(file: &Path, database: &Path, is_lost: bool) -> anyhow::Result<SecretString> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if let Some(key) = key_file::read(file)? {
        return Ok(key);
    }
    if !is_lost && Database::sqlite_file_holds_secrets(database)? {
        // Another process may have been faster, with the key and with the rows.
        return key_file::read(file)?.with_context(|| {
            format!(
                "is not there, but {} holds what was sealed with it, so no other one is made: restore the file, \
                 or give the key as WXLOGIN_MASTER_KEY. If it is lost for good, \
                 `wxlogin keys reset --everything-sealed-is-lost` makes another one: everybody logs in again",
                database.display()
            )
        });
    }
    key_file::make(file)?;
    key_file::read(file)?.context("was made and is gone again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    #[test]
    fn postgres_without_a_key_is_refused_with_the_way_to_make_one() {
        let mut settings = Settings::default();
        settings.database.url = Secret::new("postgres://db/wxlogin");
        let refused = load(&settings).unwrap_err().to_string();
        assert!(refused.contains("openssl rand -base64 32"), "{refused}");
    }
}
