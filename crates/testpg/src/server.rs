//! A server that belongs to one test.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::engine::{Durability, Engine};
use crate::{TestDatabase, locale, watchdog};

/// A PostgreSQL server that a test may stop, kill and start again, always on the same port. It
/// flushes its commits as in production. Ended and removed with this value; if the test's
/// process is killed, by the watchdog.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    home: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a private server.
    ///
    /// # Errors
    /// If there is no PostgreSQL to start, with a sentence that says what to do about it; a
    /// server named in `TEST_DATABASE_URL` does not count, because it is not ours to stop.
    pub fn start_private() -> anyhow::Result<Self> {
        let engine = Engine::find()?;
        let folder = base(&engine)?;
        let server = Self::prepare(engine, &folder, Durability::Real)?;
        server.guard()?;
        server.start()?;
        Ok(server)
    }

    /// As [`start_private`](Self::start_private), with its data in a new folder below `folder`
    /// (which the user the server runs as must be able to enter), and with `settings`, lines of
    /// `postgresql.conf`: for measurements, where it matters what disk a commit goes to.
    ///
    /// # Errors
    /// As [`start_private`](Self::start_private), and if there is only Docker, whose disk is its
    /// own.
    pub fn start_in(folder: &Path, settings: &str) -> anyhow::Result<Self> {
        let engine = Engine::find()?;
        ensure!(
            matches!(engine, Engine::Programs(_)),
            "this needs PostgreSQL's programs: install it (Debian: `apt install postgresql`)"
        );
        let server = Self::prepare(engine, folder, Durability::Real)?;
        server.guard()?;
        let file = server.home.join("data/postgresql.auto.conf");
        let mut lines = fs::read_to_string(&file)?;
        lines.push_str(settings);
        fs::write(&file, lines)?;
        server.start()?;
        Ok(server)
    }

    /// As [`start_private`](Self::start_private), with messages in simplified Chinese.
    ///
    /// # Errors
    /// As [`start_private`](Self::start_private), and if this machine has no sources of locales;
    /// the error says what to install.
    pub fn start_chinese() -> anyhow::Result<Self> {
        let engine = Engine::find()?;
        let folder = base(&engine)?;
        let server = Self::prepare(engine, &folder, Durability::Real)?;
        server.guard()?;
        locale::make_chinese(&server.home)?;
        let file = server.home.join("data/postgresql.auto.conf");
        let mut lines = fs::read_to_string(&file)?;
        lines.push_str("lc_messages = 'zh_CN.UTF-8'\n");
        fs::write(&file, lines)?;
        server.start()?;
        Ok(server)
    }

    /// A server that is not started yet.
    pub(crate) fn prepare(
        engine: Engine,
        folder: &Path,
        durability: Durability,
    ) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("server-")
            .tempdir_in(folder)?
            .keep();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        engine.prepare(&home, port, durability)?;
        Ok(Self { engine, home, port })
    }

    /// Sees to it that the server ends with this process.
    fn guard(&self) -> anyhow::Result<()> {
        watchdog::register(&self.home)?;
        watchdog::spawn(&self.home, &self.engine)
    }

    /// A fresh, empty database.
    ///
    /// # Errors
    /// If the server is not running.
    pub fn database(&self) -> anyhow::Result<TestDatabase> {
        TestDatabase::create(self.url())
    }

    /// Starts the server, and waits until it answers.
    ///
    /// # Errors
    /// If it does not come up; the error holds the server's log.
    pub fn start(&self) -> anyhow::Result<()> {
        self.engine.start(&self.home, self.port)
    }

    /// Stops the server as an operator would, ending all connections.
    ///
    /// # Errors
    /// If it is not running.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.engine.stop(&self.home)
    }

    /// Ends all processes of the server with SIGKILL, as a crash would.
    ///
    /// # Errors
    /// If it is not running.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.engine.kill(&self.home)
    }

    /// Stops all processes of the server where they are, as when its container is paused or its
    /// disk hangs: connections stay open, and nothing is answered.
    ///
    /// # Errors
    /// If it is not running.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.engine.freeze(&self.home, false)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// If it is not running.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.engine.freeze(&self.home, true)
    }

    /// The URL of the server's own database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        url_of(self.port)
    }

    /// The process all others of the server are children of.
    ///
    /// # Errors
    /// If it is not running, or runs in Docker.
    pub fn pid(&self) -> anyhow::Result<u32> {
        let file = fs::read_to_string(self.home.join("data/postmaster.pid"))?;
        let line = file.lines().next().context("postmaster.pid is empty")?;
        Ok(line.trim().parse()?)
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is frozen does not notice that it is to end.
        let _ = self.thaw();
        let script = self.engine.end_script();
        let ended = Command::new("sh")
            .args(["-c", script])
            .env("home", &self.home)
            .status();
        if ended.is_ok() {
            let _ = fs::remove_dir_all(&self.home);
        }
    }
}

/// The URL of a server of ours.
pub(crate) fn url_of(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

/// The folder for all servers that this user runs with `engine`, in memory if there is room.
pub(crate) fn base(engine: &Engine) -> anyhow::Result<PathBuf> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};

    let root = if has_room("/dev/shm") {
        PathBuf::from("/dev/shm")
    } else {
        std::env::temp_dir()
    };
    // Who we are shows in what belongs to us, without calling into C.
    let uid = tempfile::tempfile_in(&root)?.metadata()?.uid();
    let mut hasher = DefaultHasher::new();
    engine.name().hash(&mut hasher);
    let base = root.join(format!("testpg-{uid}-{:08x}", hasher.finish()));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&base)
        .with_context(|| base.display().to_string())?;
    Ok(base)
}

/// Whether half a gigabyte is free on the file system of `folder`.
fn has_room(folder: &str) -> bool {
    let Ok(output) = Command::new("df").args(["-Pk", folder]).output() else {
        return false;
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
        .is_some_and(|kilobytes| kilobytes >= 512 * 1024)
}
