//! The master key: given by the operator, or made at the first start beside the SQLite file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::settings::Settings;

/// The master keys in base64: the first seals, all open.
///
/// # Errors
/// If none is given where one is needed, or the file cannot be made or read.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<Vec<SecretString>> {
    if !settings.master_key.is_empty() {
        return Ok(settings
            .master_key
            .iter()
            .map(|key| SecretString::from(key.expose()))
            .collect());
    }
    let Some(database) = settings.database.url.expose().strip_prefix("sqlite://") else {
        bail!(
            "master_key is missing; with PostgreSQL give 32 random bytes in base64 as WXLOGIN_MASTER_KEY or \
             WXLOGIN_MASTER_KEY_FILE, for example from `openssl rand -base64 32`, and keep them: without them \
             what is stored cannot be opened"
        );
    };
    let file = beside(Path::new(database));
    let key =
        make_or_read(&file).with_context(|| format!("the master key in {}", file.display()))?;
    Ok(vec![key])
}

fn beside(database: &Path) -> PathBuf {
    database.with_file_name("master.key")
}

/// The key in `file`, made now if there is none. Of two processes that start at once, both use
/// the key of the one that was first.
fn make_or_read(file: &Path) -> anyhow::Result<SecretString> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if !file.exists() {
        make(file)?;
    }
    let text = Zeroizing::new(std::fs::read_to_string(file)?);
    Ok(SecretString::from(text.trim()))
}

/// Written under another name and then linked: nobody ever reads half a key, and a key that is
/// there already stays.
fn make(file: &Path) -> std::io::Result<()> {
    let key = Zeroizing::new(rand::random::<[u8; 32]>());
    let text = Zeroizing::new(STANDARD.encode(*key) + "\n");
    let draft = file.with_extension(format!("key.{}", std::process::id()));
    write_private(&draft, text.as_bytes())?;
    let linked = std::fs::hard_link(&draft, file);
    std::fs::remove_file(&draft)?;
    linked.or_else(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            Ok(())
        } else {
            Err(error)
        }
    })
}

fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::settings::Secret;

    fn on(url: &str) -> Settings {
        let mut settings = Settings::default();
        settings.database.url = Secret::new(url);
        settings
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = on(&format!(
            "sqlite://{}/data/wxlogin.db",
            folder.path().display()
        ));
        let first = load(&settings).unwrap();
        let again = load(&settings).unwrap();
        assert_eq!(first[0].expose_secret(), again[0].expose_secret());
        assert_eq!(STANDARD.decode(first[0].expose_secret()).unwrap().len(), 32);
        let mode = std::fs::metadata(folder.path().join("data/master.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(folder.path().join("data"))
                .unwrap()
                .count(),
            1
        );
    }

    #[test]
    fn postgres_without_a_key_is_refused_with_the_way_to_make_one() {
        let refused = load(&on("postgres://db/wxlogin")).unwrap_err().to_string();
        assert!(refused.contains("openssl rand -base64 32"), "{refused}");
    }
}
