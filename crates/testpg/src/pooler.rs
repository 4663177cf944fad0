//! PgBouncer in front of a database.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::TestDatabase;
use crate::engine::programs::substitute;

/// A PgBouncer before one database. Ended with this value.
#[derive(Debug)]
pub struct Pooler {
    process: Child,
    url: String,
    _folder: TempDir,
}

impl Pooler {
    /// Starts the PgBouncer that is installed, with a pool of two sessions, in a mode such as
    /// `transaction`.
    ///
    /// # Errors
    /// If there is none, or it does not start.
    pub fn start(database: &TestDatabase, mode: &str) -> anyhow::Result<Self> {
        let url = database.url();
        let (_, address) = url.rsplit_once('@').context("the URL has no user")?;
        let (host, name) = address.split_once('/').context("the URL has no database")?;
        let (host, server_port) = host.split_once(':').context("the URL has no port")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("pgbouncer.ini");
        let users = folder.path().join("users.txt");
        fs::write(&users, "\"postgres\" \"\"\n")?;
        fs::write(
            &settings,
            format!(
                "[databases]\n{name} = host={host} port={server_port} dbname={name} user=postgres\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = any\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 2\n\
                 max_client_conn = 100\n",
                users.display()
            ),
        )?;
        let mut command = Command::new("pgbouncer");
        command
            .arg("-q")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It does not run as root either.
        if let Some(user) = substitute(&settings)? {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
            command.uid(user.uid).gid(user.gid);
        }
        let process = command
            .env(
                "PATH",
                "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
            )
            .spawn()
            .context("PgBouncer is missing: install it (Debian: `apt install pgbouncer`)")?;
        let pooler = Self {
            process,
            url: format!("postgres://postgres@127.0.0.1:{port}/{name}"),
            _folder: folder,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < deadline, "PgBouncer does not listen");
            std::thread::park_timeout(Duration::from_millis(10));
        }
        Ok(pooler)
    }

    /// The database's URL by way of it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
