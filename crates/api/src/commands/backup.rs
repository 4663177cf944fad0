//! `wxlogin backup`

use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use persistence::{BackupError, BackupProgress};
use secrecy::SecretString;

use super::{print, settings_and_log};

const MIB: u64 = 1 << 20;

pub(super) fn run(config: Option<&Path>, file: &Path) -> anyhow::Result<()> {
    let (settings, _log) = settings_and_log(config)?;
    let url = SecretString::from(settings.database.url.expose());
    let is_watched = std::io::stderr().is_terminal();
    let tell = |so_far: BackupProgress| {
        if is_watched {
            eprint!("\r{}", line(so_far));
        }
    };
    let done = persistence::back_up(&url, file, tell);
    if is_watched {
        eprintln!();
    }
    let done = match done {
        Err(BackupError::Postgres) => Err(BackupError::Postgres).context(format!(
            "use pg_dump --format=custom --file='{}' with the URL in database.url, and pg_restore to restore",
            file.display()
        )),
        Err(BackupError::Exists(path)) => Err(BackupError::Exists(path))
            .context("nothing was written; name a file that is not there, or remove this one"),
        done => done.map_err(anyhow::Error::from),
    }?;
    let text = format!(
        "{}: {} bytes, examined. It holds no master key: keep that apart, a restore needs both\n",
        file.display(),
        done.written
    );
    Ok(print(&text)?)
}

fn line(so_far: BackupProgress) -> String {
    let of = so_far.expected.max(so_far.written) / MIB;
    format!("{} of at most {of} MiB", so_far.written / MIB)
}
