//! The programs of a measurement: each is a process of its own, as in production.

mod build;
mod service;

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

pub(crate) use build::Binaries;
pub(crate) use service::{
    APP_ID, APP_SECRET, Service, Store, Transport, Wechat, configure, is_ready, start_responder,
    start_wxlogin,
};

use crate::meter::Meter;

/// How long a program may take to listen. Under valgrind everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program. Ended with this value.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    /// How long it took from its start until it answered.
    pub(crate) ready_after: Duration,
}

impl Program {
    /// Starts a program that will listen on `address`, with its output in `log`, and waits until
    /// `is_ready`.
    ///
    /// # Errors
    /// If it ends, or is not ready in time; the error holds the end of its output.
    pub(crate) fn start(
        command: &mut Command,
        address: SocketAddr,
        log: &Path,
        is_ready: impl Fn() -> bool,
    ) -> anyhow::Result<Self> {
        let output = File::create(log)?;
        let started = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn();
        let name = command.get_program().display().to_string();
        let mut program = Self {
            child: child.with_context(|| name.clone())?,
            address,
            ready_after: Duration::ZERO,
        };
        while !is_ready() {
            if program.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let output = std::fs::read_to_string(log).unwrap_or_default();
                bail!("{name} does not come up:\n{output}");
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        program.ready_after = started.elapsed();
        Ok(program)
    }

    /// Starts a program that is ready as soon as it takes connections.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub(crate) fn start_listening(
        command: &mut Command,
        address: SocketAddr,
        log: &Path,
    ) -> anyhow::Result<Self> {
        Self::start(command, address, log, || {
            TcpStream::connect(address).is_ok()
        })
    }

    /// What it uses.
    ///
    /// # Errors
    /// If this system does not tell.
    pub(crate) fn meter(&self) -> anyhow::Result<Meter> {
        Meter::of(self.child.id())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// If it fails.
    pub(crate) fn wait(&mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "a measured program failed: {status}");
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which callers check where it matters.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address of this machine that is free, or was a moment ago.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
