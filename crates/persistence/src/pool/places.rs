//! Who may use a connection of the pool, and how many there are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::error::{DatabaseError, FailureKind};
use crate::watch::Watch;
use crate::worker::Worker;

/// How long no further connection is opened after the database has refused one, while there are
/// others that can be waited for.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How long a connection is kept that nobody uses. (One is always kept.)
const IDLE: Duration = Duration::from_mins(2);

/// Writers that have no connection. As long as there are any, the pool has one connection and
/// opens no more, because a database may give fewer than we would like.
#[derive(Debug, Default)]
pub(crate) struct WritersFirst(AtomicUsize);

impl WritersFirst {
    pub(crate) fn one_waits(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn one_is_served(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn do_wait(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

pub(super) struct Places {
    acquire_timeout: Duration,
    writers: Arc<WritersFirst>,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    /// A connection has become idle, or has been closed.
    freed: Notify,
}

#[derive(Default)]
struct State {
    /// The one that was used last stands last.
    idle: Vec<Idle>,
    /// Connections that are open or being opened.
    open: usize,
    no_more_before: Option<Instant>,
}

struct Idle {
    worker: Worker,
    since: Instant,
}

impl Places {
    pub(super) fn new(
        size: u32,
        acquire_timeout: Duration,
        writers: Arc<WritersFirst>,
    ) -> Arc<Self> {
        let size = usize::try_from(size.max(1)).unwrap_or(1);
        Arc::new(Self {
            acquire_timeout,
            writers,
            permits: Arc::new(Semaphore::new(size)),
            state: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Waits for an idle connection, or for the right to open one.
    pub(super) async fn lease(
        self: &Arc<Self>,
        watch: &Watch,
        deadline: Instant,
    ) -> Result<Lease, DatabaseError> {
        let until = deadline.min(Instant::now() + self.acquire_timeout).into();
        let nothing_free = |_| self.nothing_free();
        loop {
            let permits = Arc::clone(&self.permits);
            let permit = match permits.clone().try_acquire_owned() {
                Ok(permit) => permit,
                Err(_) => match timeout_at(until, permits.acquire_owned()).await {
                    Ok(Ok(permit)) => permit,
                    Ok(Err(_)) | Err(_) => return Err(self.nothing_free()),
                },
            };
            if let Some(idle) = self.with(|state| state.idle.pop()) {
                return Ok(Lease::new(self, idle.worker, permit));
            }
            if self.may_open() {
                watch.may_connect()?;
                let worker = Worker::start()?;
                self.with(|state| state.open += 1);
                return Ok(Lease::new(self, worker, permit));
            }
            drop(permit);
            timeout_at(until, self.freed.notified())
                .await
                .map_err(nothing_free)?;
        }
    }

    /// The database gave no connection. Fails if there is no other that can be waited for.
    pub(super) fn refused(&self, error: DatabaseError) -> Result<(), DatabaseError> {
        self.with(|state| {
            if state.open == 0 {
                return Err(error);
            }
            tracing::debug!(%error, open = state.open, "the database gives no further connection");
            state.no_more_before = Some(Instant::now() + PAUSE_AFTER_REFUSAL);
            Ok(())
        })
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close_idle(&self) {
        let closed = self.with(|state| {
            state.open -= state.idle.len();
            std::mem::take(&mut state.idle)
        });
        drop(closed);
        self.freed.notify_one();
    }

    fn may_open(&self) -> bool {
        let writers_wait = self.writers.do_wait();
        self.with(|state| {
            let is_paused = state.no_more_before.is_some_and(|at| Instant::now() < at);
            state.open == 0 || !is_paused && !writers_wait
        })
    }

    fn nothing_free(&self) -> DatabaseError {
        let open = self.with(|state| state.open);
        let waited = self.acquire_timeout.as_millis();
        let text = format!("all {open} connections of the pool were in use for {waited} ms");
        DatabaseError::new(FailureKind::Unavailable, text)
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The use of a connection. It must end with one of the two methods; what comes second has no
/// effect.
pub(super) struct Lease {
    places: Arc<Places>,
    worker: Worker,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Lease {
    fn new(places: &Arc<Places>, worker: Worker, permit: OwnedSemaphorePermit) -> Self {
        Self {
            places: Arc::clone(places),
            worker,
            permit: Mutex::new(Some(permit)),
        }
    }

    pub(super) fn worker(&self) -> Worker {
        self.worker.clone()
    }

    /// Keeps the connection for the next call.
    pub(super) fn give_back(&self) {
        let writers_wait = self.places.writers.do_wait();
        self.end(|state| {
            let now = Instant::now();
            state.idle.push(Idle {
                worker: self.worker.clone(),
                since: now,
            });
            let others = state.idle.iter().rev().skip(1);
            let old = others
                .filter(|idle| writers_wait || now - idle.since > IDLE)
                .count();
            state.open -= old;
            state.idle.drain(..old).collect()
        });
    }

    /// The connection is of no use, or is not waited for any longer.
    pub(super) fn close(&self) {
        self.end(|state| {
            state.open -= 1;
            Vec::new()
        });
    }

    fn end(&self, change: impl FnOnce(&mut State) -> Vec<Idle>) {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(permit) = permit.take() {
            let closed = self.places.with(change);
            drop(permit);
            drop(closed);
            self.places.freed.notify_one();
        }
    }
}
