//! PostgreSQL's own programs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::Durability;
use crate::locale;

/// Asks the server to give up at once, and waits until its process is gone.
pub(super) const END_SCRIPT: &str = r#"
pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    n=0
    while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
fi
"#;

/// The folder PostgreSQL's programs are in.
#[derive(Clone, Debug)]
pub(crate) struct Programs(PathBuf);

impl Programs {
    /// Looks where an operator says and where systems put them.
    pub(super) fn find() -> Option<Self> {
        let named = std::env::var_os("PG_BIN").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        named
            .into_iter()
            .chain(std::env::split_paths(&path))
            .chain(versions("/usr/lib/postgresql", "bin"))
            .chain(versions("/opt/homebrew/opt", "bin"))
            .chain(versions("/usr/local/opt", "bin"))
            .chain(versions(
                "/Applications/Postgres.app/Contents/Versions",
                "bin",
            ))
            .find_map(|folder| {
                // A link on the PATH may stand alone; its target has the other programs beside.
                let initdb = folder.join("initdb").canonicalize().ok()?;
                let folder = initdb.parent()?;
                folder.join("pg_ctl").is_file().then(|| Self(folder.into()))
            })
    }

    pub(super) fn name(&self) -> String {
        self.0.display().to_string()
    }

    pub(super) fn prepare(
        &self,
        home: &Path,
        port: u16,
        durability: Durability,
    ) -> anyhow::Result<()> {
        let data = home.join("data");
        fs::create_dir(&data)?;
        if let Some(user) = substitute(home)? {
            chown(home, Some(user.uid), Some(user.gid))?;
            chown(&data, Some(user.uid), Some(user.gid))?;
        }
        let mut initdb = self.command(home, "initdb")?;
        initdb
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8"])
            .args(["--locale=C", "--no-sync", "--no-instructions"]);
        run(&mut initdb)?;
        let mut settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
             max_connections = 200\nshared_buffers = 64MB\n"
        );
        if durability == Durability::None {
            settings.push_str("fsync = off\nfull_page_writes = off\n");
        }
        let file = data.join("postgresql.auto.conf");
        fs::write(&file, settings).with_context(|| file.display().to_string())
    }

    pub(super) fn start(&self, home: &Path) -> anyhow::Result<()> {
        // After a SIGKILL the new server refuses to start until the last process of the old one
        // is gone.
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mut pg_ctl = self.pg_ctl(home)?;
            let started = run(pg_ctl.arg("-l").arg(home.join("log")).arg("start"));
            if started.is_ok() || Instant::now() > deadline {
                return started
                    .with_context(|| fs::read_to_string(home.join("log")).unwrap_or_default());
            }
        }
    }

    pub(super) fn stop(&self, home: &Path) -> anyhow::Result<()> {
        run(self.pg_ctl(home)?.args(["-m", "fast", "stop"]))
    }

    /// Sends a signal, such as `-KILL`, to all processes of the server.
    pub(super) fn signal(home: &Path, signal: &str) -> anyhow::Result<()> {
        let pid_file = fs::read_to_string(home.join("data/postmaster.pid"))?;
        let parent = pid_file.lines().next().context("postmaster.pid is empty")?;
        let children = Command::new("pgrep").args(["-P", parent]).output()?;
        // The parent first, or it would begin to repair what is going on.
        let mut pids = vec![parent.to_owned()];
        pids.extend(
            String::from_utf8(children.stdout)?
                .lines()
                .map(str::to_owned),
        );
        for pid in pids {
            Command::new("kill")
                .args([signal, &pid])
                .stderr(Stdio::null())
                .status()?;
        }
        Ok(())
    }

    fn pg_ctl(&self, home: &Path) -> anyhow::Result<Command> {
        let mut command = self.command(home, "pg_ctl")?;
        command.arg("-D").arg(home.join("data")).args(["-w", "-s"]);
        Ok(command)
    }

    /// A program of PostgreSQL's, as a user it agrees to run as.
    fn command(&self, home: &Path, program: impl AsRef<OsStr>) -> anyhow::Result<Command> {
        let mut command = Command::new(self.0.join(program.as_ref()));
        command.current_dir(home).env("LC_ALL", "C");
        let locales = home.join(locale::FOLDER);
        if locales.is_dir() {
            command.env("LOCPATH", locales);
        }
        if let Some(user) = substitute(home)? {
            command.uid(user.uid).gid(user.gid);
        }
        Ok(command)
    }
}

/// The folders `root/*/last`, newest version first.
fn versions(root: &str, last: &str) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        std::cmp::Reverse(digits.parse::<u32>().unwrap_or(0))
    });
    folders
        .into_iter()
        .map(|folder| folder.join(last))
        .collect()
}

pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The user in whose name the programs run if the tests run as root, which PostgreSQL refuses:
/// `postgres`, or `nobody`.
pub(crate) fn substitute(home: &Path) -> anyhow::Result<Option<User>> {
    // Who we are shows in what belongs to us, without calling into C.
    if fs::metadata(home.parent().unwrap_or(home))?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let user = ["postgres", "nobody"].iter().find_map(|name| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some(User {
            uid: ids.next()?.ok()?,
            gid: ids.next()?.ok()?,
        })
    });
    ensure!(
        user.is_some(),
        "PostgreSQL does not run as root, and there is no user postgres or nobody"
    );
    Ok(user)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    // To a file and not a pipe: the server inherits it, and a pipe would never end.
    let output = tempfile::tempfile()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .status()
        .with_context(|| program.clone())?;
    if !status.success() {
        use std::io::{Read, Seek};
        let mut output = output;
        let mut text = String::new();
        output.rewind()?;
        output.read_to_string(&mut text)?;
        bail!("{program}: {text}");
    }
    Ok(())
}
