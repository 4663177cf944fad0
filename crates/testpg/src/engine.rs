//! What a PostgreSQL server is run with.

mod docker;
pub(crate) mod programs;

use std::path::Path;

use anyhow::bail;

pub(crate) use docker::Docker;
pub(crate) use programs::Programs;

/// How much a server cares for its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As in production.
    Real,
    /// Nothing is flushed, which is faster. Only a test that kills the server sees a difference.
    None,
}

/// A way to run servers. A server lives in a folder of its own, its home.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Programs(Programs),
    Docker(Docker),
}

impl Engine {
    /// The best there is on this machine.
    pub(crate) fn find() -> anyhow::Result<Self> {
        if let Some(programs) = Programs::find() {
            return Ok(Self::Programs(programs));
        }
        if let Some(docker) = Docker::find() {
            return Ok(Self::Docker(docker));
        }
        bail!(
            "the tests need PostgreSQL: install it (Debian: `apt install postgresql`, macOS: \
             `brew install postgresql`), or name the folder of its programs in PG_BIN, or a \
             server in TEST_DATABASE_URL, or start Docker"
        )
    }

    /// A name by which two processes know that they would run the same server.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Programs(programs) => programs.name(),
            Self::Docker(docker) => docker.name(),
        }
    }

    /// Prepares a server in `home`, to listen on `port` of the loopback address.
    pub(crate) fn prepare(
        &self,
        home: &Path,
        port: u16,
        durability: Durability,
    ) -> anyhow::Result<()> {
        match self {
            Self::Programs(programs) => programs.prepare(home, port, durability),
            Self::Docker(docker) => docker.prepare(home, port, durability),
        }
    }

    /// Starts the server of `home` and waits until it answers.
    pub(crate) fn start(&self, home: &Path, port: u16) -> anyhow::Result<()> {
        match self {
            Self::Programs(programs) => programs.start(home),
            Self::Docker(_) => Docker::start(home, port),
        }
    }

    /// Stops the server of `home` in good order, and waits until it has.
    pub(crate) fn stop(&self, home: &Path) -> anyhow::Result<()> {
        match self {
            Self::Programs(programs) => programs.stop(home),
            Self::Docker(_) => Docker::stop(home),
        }
    }

    /// Ends all processes of the server of `home` with SIGKILL.
    pub(crate) fn kill(&self, home: &Path) -> anyhow::Result<()> {
        match self {
            Self::Programs(_) => Programs::signal(home, "-KILL"),
            Self::Docker(_) => Docker::kill(home),
        }
    }

    /// Stops all processes of the server of `home` where they are, or lets them go on.
    pub(crate) fn freeze(&self, home: &Path, is_to_go_on: bool) -> anyhow::Result<()> {
        match self {
            Self::Programs(_) => {
                Programs::signal(home, if is_to_go_on { "-CONT" } else { "-STOP" })
            }
            Self::Docker(_) => Docker::freeze(home, is_to_go_on),
        }
    }

    /// Shell commands that end the server of the folder `$home` and what it leaves outside.
    pub(crate) fn end_script(&self) -> &'static str {
        match self {
            Self::Programs(_) => programs::END_SCRIPT,
            Self::Docker(_) => docker::END_SCRIPT,
        }
    }
}
