//! A copy of a SQLite database while a service uses it.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use secrecy::SecretString;

use crate::sqlite_file;
use crate::url::{DatabaseUrl, UnknownDatabaseUrl};

const TOLD_EVERY: Duration = Duration::from_millis(200);

/// Why there is no backup. Nothing is left of one that failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the texts of the errors say what they are")]
pub enum BackupError {
    #[error(transparent)]
    Url(#[from] UnknownDatabaseUrl),
    /// PostgreSQL has programs of its own for this.
    #[error("the database is PostgreSQL, which has its own programs for backups")]
    Postgres,
    #[error("there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written", .0.display())]
    File(PathBuf, #[source] Error),
    #[error("the database cannot be copied")]
    Copy(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The copy was made and is not whole.
    #[error("the copy is damaged, and so may be the database: {0}")]
    Damaged(String),
}

/// How far a backup has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupProgress {
    /// The bytes written.
    pub written: u64,
    /// The size of the database in bytes. The copy is no larger, and smaller where rows were deleted.
    pub expected: u64,
}

/// Copies the SQLite database at `url` to the new file `target`, which others may not read.
///
/// Services go on reading and writing: `VACUUM INTO` reads what was committed at its start, unlike
/// `.backup`, which begins anew at each write. The copy is written beside `target`, examined, flushed,
/// and gets its name last. `progress` is called several times a second.
pub fn back_up(
    url: &SecretString,
    target: &Path,
    progress: impl FnMut(BackupProgress),
) -> Result<BackupProgress, BackupError> {
    let source = match DatabaseUrl::parse(url)? {
        DatabaseUrl::Sqlite(source) => source,
        DatabaseUrl::Postgres(_) => return Err(BackupError::Postgres),
    };
    if fs::metadata(&source).map_or(0, |metadata| metadata.len()) == 0 {
        return Err(BackupError::NoDatabase(source));
    }
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let part = part_of(target);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part);
    made.map_err(|error| file_error(&part, error))?;
    let done = copy(&source, &part, progress).and_then(|done| {
        examine(&part)?;
        finish(&part, target)?;
        Ok(done)
    });
    // The copy has its name, or is not to be used.
    let removed = fs::remove_file(&part);
    done.and_then(|done| {
        removed.map_err(|error| file_error(&part, error))?;
        Ok(done)
    })
}

fn part_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn file_error(path: &Path, error: Error) -> BackupError {
    match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => BackupError::File(path.to_owned(), error),
    }
}

fn copy(
    source: &Path,
    part: &Path,
    mut progress: impl FnMut(BackupProgress),
) -> Result<BackupProgress, BackupError> {
    let mut connection = open(source)?;
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let size = sql::<BigInt>(size).get_result::<i64>(&mut connection);
    let expected = u64::try_from(size.map_err(copy_error)?).unwrap_or_default();
    let so_far = || BackupProgress {
        written: fs::metadata(part).map_or(0, |metadata| metadata.len()),
        expected,
    };
    let into = part.to_string_lossy().into_owned();
    thread::scope(|scope| {
        let (sender, ended) = channel();
        let copying = scope.spawn(move || {
            let copied = diesel::sql_query("VACUUM INTO ?")
                .bind::<Text, _>(into)
                .execute(&mut connection);
            // This fails only if the other end was dropped, which then needs no signal.
            let _ = sender.send(());
            copied
        });
        while ended.recv_timeout(TOLD_EVERY) == Err(RecvTimeoutError::Timeout) {
            progress(so_far());
        }
        copying
            .join()
            .map_err(|_| BackupError::Copy("the thread that copies panicked".into()))?
            .map_err(copy_error)
    })?;
    progress(so_far());
    Ok(so_far())
}

/// Reads the whole copy, and every reference in it.
fn examine(part: &Path) -> Result<(), BackupError> {
    let mut connection = open(part)?;
    let check = sql::<Text>("SELECT integrity_check FROM pragma_integrity_check");
    let found: Vec<String> = check.load(&mut connection).map_err(copy_error)?;
    if let Some(line) = found.into_iter().find(|line| line != "ok") {
        return Err(BackupError::Damaged(line));
    }
    let check = sql::<BigInt>("SELECT count(*) FROM pragma_foreign_key_check");
    let broken = check.get_result::<i64>(&mut connection);
    match broken.map_err(copy_error)? {
        0 => Ok(()),
        broken => Err(BackupError::Damaged(format!(
            "{broken} rows refer to rows that are not there"
        ))),
    }
}

/// Flushes the copy and gives it its name. A link, unlike a renaming, never replaces a file.
fn finish(part: &Path, target: &Path) -> Result<(), BackupError> {
    let flushed = fs::File::open(part).and_then(|file| file.sync_all());
    flushed.map_err(|error| file_error(part, error))?;
    fs::hard_link(part, target).map_err(|error| file_error(target, error))?;
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::File::open(folder.unwrap_or(Path::new(".")));
    folder
        .and_then(|folder| folder.sync_all())
        .map_err(|error| file_error(target, error))
}

fn open(file: &Path) -> Result<SqliteConnection, BackupError> {
    sqlite_file::open(file, Duration::from_secs(10)).map_err(copy_error)
}

fn copy_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackupError {
    BackupError::Copy(error.into())
}
