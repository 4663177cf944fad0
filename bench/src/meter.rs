//! Processor time and memory of processes.

use std::time::Duration;

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

/// Looks at a program.
#[derive(Debug)]
pub(crate) struct Meter {
    system: System,
    root: Pid,
    /// Whether its children count: PostgreSQL is many processes.
    with_children: bool,
}

impl Meter {
    /// Of the process of this number.
    ///
    /// # Errors
    /// If this system does not tell.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        Ok(Self {
            system: System::new()?,
            root: Pid::from_u32(pid),
            with_children: false,
        })
    }

    /// Of the process of this number and its children.
    ///
    /// # Errors
    /// If this system does not tell.
    pub(crate) fn of_family(pid: u32) -> anyhow::Result<Self> {
        let with_children = true;
        Ok(Self {
            with_children,
            ..Self::of(pid)?
        })
    }

    /// The processor time it has used so far.
    pub(crate) fn processor_time(&mut self) -> Duration {
        let millis = self.refresh().map(Process::accumulated_cpu_time).sum();
        Duration::from_millis(millis)
    }

    /// The memory it holds now (resident; shared pages count once a process), bytes.
    pub(crate) fn memory(&mut self) -> u64 {
        self.refresh().map(Process::memory).sum()
    }

    fn refresh(&mut self) -> impl Iterator<Item = &Process> {
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let (root, with_children) = (self.root, self.with_children);
        let processes = self.system.processes().values();
        processes.filter(move |process| {
            // Threads are listed as well on Linux; their time is in their process's.
            process.thread_kind().is_none()
                && (process.pid() == root || with_children && process.parent() == Some(root))
        })
    }
}
