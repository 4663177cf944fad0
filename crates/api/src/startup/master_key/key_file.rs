//! The file with the master key, readable by its owner only.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// More than any key has, so that a file that is none is not read to its end.
const LONGEST: u64 = 1_024;

/// The bits of a mode that let the group or everybody read, write or run.
const GROUP_AND_OTHERS: u32 = 0o077;

/// The key in `file`; `None` if there is no such file.
pub(super) fn read(file: &Path) -> anyhow::Result<Option<SecretString>> {
    let entry = match std::fs::symlink_metadata(file) {
        Ok(entry) => entry,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    ensure!(
        entry.is_file() || entry.is_symlink(),
        "is not a file; move it away"
    );
    // A link is as trustworthy as its target, if its owner is trusted.
    let folder = file.parent().map(std::fs::metadata).transpose();
    let folder = folder.unwrap_or_default();
    check_owner(&entry, folder.as_ref())?;
    let opened = File::open(file)?;
    let metadata = opened.metadata()?;
    ensure!(metadata.is_file(), "is not a file; move it away");
    check_owner(&metadata, folder.as_ref())?;
    ensure!(
        metadata.permissions().mode() & GROUP_AND_OTHERS == 0,
        "can be read or changed by other users of this machine: `chmod 600 {}`, and if any of them is not to \
         be trusted, change the key (docs/operations.md). Where file modes cannot be set, give the key as \
         WXLOGIN_MASTER_KEY instead",
        file.display()
    );
    let mut text = Zeroizing::new(String::with_capacity(64));
    opened.take(LONGEST).read_to_string(&mut text)?;
    Ok(Some(SecretString::from(text.trim())))
}

/// Refuses a file that neither we, nor root, nor the owner of the folder put there: its owner would know
/// the key.
fn check_owner(metadata: &Metadata, folder: Option<&Metadata>) -> anyhow::Result<()> {
    let owner = metadata.uid();
    let trusted = [Some(rustix::process::geteuid().as_raw()), Some(0)];
    ensure!(
        trusted.contains(&Some(owner)) || folder.map(Metadata::uid) == Some(owner),
        "belongs to another user (uid {owner}), who would know the key; move it away, or `chown` it if you put \
         it there"
    );
    Ok(())
}

/// Makes a key, unless another process has just done so. It is written under another name and then linked:
/// no process reads half a key, and an existing key stays.
pub(super) fn make(file: &Path) -> anyhow::Result<()> {
    let key = Zeroizing::new(rand::random::<[u8; 32]>());
    let text = Zeroizing::new(STANDARD.encode(*key) + "\n");
    // A name that cannot exist already; `create_new` follows no link and takes no file that is
    // there.
    let draft = file.with_extension(format!("key.{:032x}", rand::random::<u128>()));
    let linked = write_private(&draft, text.as_bytes()).and_then(|()| {
        match std::fs::hard_link(&draft, file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    let removed = std::fs::remove_file(&draft);
    linked.context("cannot be written")?;
    removed.context("its draft cannot be removed")?;
    // What is sealed with it may be on the disk any moment.
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use secrecy::ExposeSecret;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        assert!(read(&file).unwrap().is_none());
        make(&file).unwrap();
        let first = read(&file).unwrap().unwrap();
        make(&file).unwrap();
        let again = read(&file).unwrap().unwrap();
        assert_eq!(first.expose_secret(), again.expose_secret());
        assert_eq!(STANDARD.decode(first.expose_secret()).unwrap().len(), 32);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["master.key"]);
    }

    #[test]
    fn a_link_or_a_file_that_waits_in_the_folder_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let target = folder.path().join("target");
        std::fs::write(&target, "untouched").unwrap();
        symlink(
            &target,
            file.with_extension(format!("key.{}", std::process::id())),
        )
        .unwrap();
        make(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
        assert!(read(&file).unwrap().is_some());
        // A link that leads nowhere is no place for a key either.
        let dangling = folder.path().join("dangling.key");
        symlink(folder.path().join("nowhere"), &dangling).unwrap();
        make(&dangling).unwrap();
        assert!(read(&dangling).is_err());
        assert!(!folder.path().join("nowhere").exists());
    }

    #[test]
    fn a_key_that_others_can_read_or_change_is_refused_with_the_way_to_mend_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        make(&file).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o602] {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            let refused = read(&file).unwrap_err().to_string();
            assert!(refused.contains("chmod 600"), "{mode:o}: {refused}");
        }
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            assert!(read(&file).unwrap().is_some(), "{mode:o}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        std::fs::create_dir(&file).unwrap();
        assert!(read(&file).is_err());
    }

    #[test]
    fn a_key_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/master.key");
        assert!(make(&missing).is_err());
        assert!(names(folder.path()).is_empty());
    }
}
