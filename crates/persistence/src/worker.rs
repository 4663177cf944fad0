//! A connection, and the thread it is used on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::connection::KeptConnection;
use crate::error::{DatabaseError, FailureKind};

/// What a thread does with its connection, if it has one.
pub(crate) type Job = Box<dyn FnOnce(&mut Option<KeptConnection>) + Send>;

/// A thread that has a connection, or is to open one. It ends, and closes the connection, when
/// this value is dropped and its job is done.
///
/// The threads are not those of the asynchronous runtime, because a runtime waits at its end for
/// all of its own, also for one that is stuck.
#[derive(Clone)]
pub(crate) struct Worker(Sender<Job>);

impl Worker {
    /// Starts a thread without a connection.
    pub(crate) fn start() -> Result<Self, DatabaseError> {
        let (sender, jobs) = channel();
        thread::Builder::new()
            .name(String::from("database"))
            .spawn(move || work(&jobs))
            .map_err(|error| {
                let text = format!("no thread for a connection can be started: {error}");
                DatabaseError::new(FailureKind::Unavailable, text)
            })?;
        Ok(Self(sender))
    }

    /// Hands a job to the thread.
    pub(crate) fn run(&self, job: Job) {
        // It lives as long as this value, unless a job panics, and jobs catch panics.
        let _ = self.0.send(job);
    }
}

fn work(jobs: &Receiver<Job>) {
    let mut connection = None;
    while let Ok(job) = jobs.recv() {
        job(&mut connection);
    }
}
