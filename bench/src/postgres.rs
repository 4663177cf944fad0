//! The PostgreSQL of the measurements: a server of their own, on disk, with durable commits.

use std::path::Path;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use testpg::{Server, TestDatabase};

use crate::meter::Meter;

/// Settings besides PostgreSQL's own defaults. None of them makes a commit less durable. Its
/// buffers get a quarter of the machine's memory, as PostgreSQL's documentation advises (20.4,
/// Resource Consumption). The room for the write-ahead log keeps checkpoints as rare as an operator
/// of such a load would have them; the default asks for one every few seconds.
fn settings() -> anyhow::Result<String> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let quarter = System::new_with_specifics(memory)?.total_memory() / 4;
    let megabytes = quarter >> 20;
    Ok(format!(
        "shared_buffers = {megabytes}MB\nmax_wal_size = 8GB\n"
    ))
}

pub(crate) struct Postgres {
    server: Server,
}

impl Postgres {
    /// Starts it, with its data below `folder`.
    ///
    /// # Errors
    /// If there is no PostgreSQL, with a sentence that says what to do about it.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let server = Server::start_in(folder, &settings()?)?;
        Ok(Self { server })
    }

    pub(crate) fn database(&self) -> anyhow::Result<TestDatabase> {
        self.server.database()
    }

    /// What all its processes use.
    pub(crate) fn meter(&self) -> anyhow::Result<Meter> {
        Meter::of_family(self.server.pid()?)
    }
}
