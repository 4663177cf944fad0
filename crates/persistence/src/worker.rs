//! A connection and its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::Span;

use crate::connection::KeptConnection;
use crate::error::{DatabaseError, DbResult};
use crate::watch::Watch;

/// What a thread does with its connection, if it has one.
type Job = Box<dyn FnOnce(&mut Option<KeptConnection>) + Send>;

/// What came of a call; an error if it was given up.
pub(crate) type Answer<T> = oneshot::Receiver<thread::Result<T>>;

/// A thread that has a connection, or is to open one. It ends, and closes the connection, when
/// the last clone of this value is dropped and its job is done.
///
/// The threads are not those of the asynchronous runtime, because a runtime waits at its end for
/// all of its own, also for one that is stuck.
#[derive(Clone)]
pub(crate) struct Worker {
    jobs: Sender<Job>,
    is_open: Arc<AtomicBool>,
}

impl Worker {
    /// Starts a thread without a connection.
    pub(crate) fn start() -> DbResult<Self> {
        let (sender, jobs) = channel::<Job>();
        thread::Builder::new()
            .name(String::from("database"))
            .spawn(move || {
                let mut connection = None;
                for job in jobs {
                    job(&mut connection);
                }
            })
            .map_err(|error| {
                let text = format!("no thread for a connection can be started: {error}");
                DatabaseError::unavailable(text)
            })?;
        Ok(Self {
            jobs: sender,
            is_open: Arc::default(),
        })
    }

    /// Whether it has a connection that may be used again.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    /// Says that its connection is not to be used again.
    pub(crate) fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }

    /// Runs `work` on the thread, until `deadline` at most. `held` is dropped before the answer is
    /// given, or when the call is given up.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        watch: &Watch,
        deadline: Instant,
        held: impl Send + 'static,
        work: impl FnOnce(&mut Option<KeptConnection>) -> T + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        // Taken by the thread of the call, or by the watch that gives it up.
        let waiting = Arc::new(Mutex::new(Some((held, reply))));
        let (watch, is_open) = (watch.clone(), Arc::clone(&self.is_open));
        self.run(move |connection| {
            let (closed, given_up) = (Arc::clone(&is_open), Arc::clone(&waiting));
            let ticket = watch.begin(deadline, move || {
                closed.store(false, Ordering::SeqCst);
                let waiting = given_up.lock().take();
                drop(waiting);
            });
            let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
            // After a panic it may be in the middle of something.
            if !ticket.ended_in_time() || result.is_err() {
                *connection = None;
            }
            is_open.store(connection.is_some(), Ordering::SeqCst);
            let waiting = waiting.lock().take();
            if let Some((held, reply)) = waiting {
                // First, so that the connection is in the pool when the caller gets the answer.
                drop(held);
                let _ = reply.send(result);
            }
        });
        answer
    }

    /// Runs `work` on the thread, however long it takes.
    pub(crate) fn run(&self, work: impl FnOnce(&mut Option<KeptConnection>) + Send + 'static) {
        let span = Span::current();
        let job: Job = Box::new(move |connection| span.in_scope(|| work(connection)));
        // The thread lives as long as this value, unless a job panics; then its caller sees that.
        let _ = self.jobs.send(job);
    }
}
