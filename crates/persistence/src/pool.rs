//! The pool of connections, used from asynchronous code.
//!
//! r2d2 keeps the connections, each of which lives on a thread of its own ([`Worker`]). A call that
//! takes too long is given up ([`crate::watch`]): its caller gets an error, its thread is left alone,
//! and r2d2 may start another thread in its place.
//!
//! r2d2 does not open and lend the connections itself: it opens them on three threads that have no
//! deadline, waits for a free one by blocking, and keeps the place of a connection whose call never
//! returns. A database that stands still would so use up the pool until it goes on.

mod threads;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use r2d2::{NopErrorHandler, PooledConnection};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout_at;

use crate::connection::{AnyConnection, Connector, KeptConnection, Purpose};
use crate::error::{DatabaseError, DbResult, FailureKind};
use crate::statistics::{PoolUse, Waits};
use crate::transaction::transaction;
use crate::watch::{self, Watch};
use crate::worker::{Answer, Worker};
use threads::Threads;

pub(crate) use threads::WritersFirst;

/// How often a call is done again because its connection turned out to be broken. The first time
/// all idle connections are replaced, so a second failure is another outage.
const MAX_REPEATS: u32 = 2;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_mins(2);

/// How long r2d2 may take to start a thread, which takes it less than a millisecond.
const THREAD_STARTS: Duration = Duration::from_millis(200);

/// What is done on a connection, and done again on another if the connection is broken.
pub(crate) trait Work<T>: Fn(&mut AnyConnection) -> DbResult<T> + Send + 'static {}

impl<T, F: Fn(&mut AnyConnection) -> DbResult<T> + Send + 'static> Work<T> for F {}

/// Connections that are made when they are needed and kept for the next one.
#[derive(Clone)]
pub(crate) struct Pool {
    kept: r2d2::Pool<Threads>,
    threads: Threads,
    /// As many as r2d2 keeps at most, because its own way to wait blocks.
    permits: Arc<Semaphore>,
    freed: Arc<Notify>,
    waits: Arc<Waits>,
    connector: Connector,
    watch: Watch,
}

/// The use of a connection. The fields are dropped in this order, so that the connection is in the
/// pool before another caller gets the permit or the notification.
struct Lease {
    kept: PooledConnection<Threads>,
    _permit: OwnedSemaphorePermit,
    _freed: Freed,
}

struct Freed(Arc<Notify>);

impl Drop for Freed {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        watch: Watch,
        size: u32,
        writers: Arc<WritersFirst>,
    ) -> Self {
        let size = size.max(1);
        let threads = Threads::new(writers);
        let kept = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .idle_timeout(Some(IDLE))
            .max_lifetime(None)
            // Would cost a round trip each time; a broken connection is noticed when it is used.
            .test_on_check_out(false)
            .connection_timeout(THREAD_STARTS)
            // The caller that needs the thread gets the error.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(threads.clone());
        Self {
            kept,
            threads,
            permits: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))),
            freed: Arc::default(),
            waits: Arc::default(),
            connector,
            watch,
        }
    }

    /// Runs `work` on a connection. If it takes longer than the timeout, it is no longer waited for.
    pub(crate) async fn run<T: Send + 'static>(&self, mut work: impl Work<T>) -> DbResult<T> {
        let deadline = Instant::now() + self.watch.timeout();
        let mut repeats = 0;
        loop {
            let lease = self.lease(deadline).await?;
            let (worker, connector) = (lease.kept.worker.clone(), self.connector.clone());
            let answer = worker.call(&self.watch, deadline, lease, move |connection| {
                (run_on(connection, &connector, &work), work)
            });
            drop(worker);
            let (opened, returned) = self.in_time(answer).await?;
            work = returned;
            match opened {
                Err(error) => self.threads.refused(error)?,
                Ok(Err(error))
                    if error.kind == FailureKind::Disconnected && repeats < MAX_REPEATS =>
                {
                    repeats += 1;
                    self.close_idle();
                }
                Ok(result) => return result,
            }
        }
    }

    pub(crate) async fn transact<T: Send + 'static>(&self, work: impl Work<T>) -> DbResult<T> {
        self.run(move |connection| transaction(connection, &work))
            .await
    }

    /// Runs `work` on a connection of its own, which is closed afterwards. It may take as long as
    /// it likes.
    pub(crate) async fn run_apart<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> DbResult<T> + Send + 'static,
    {
        let connector = self.connector.clone();
        let (reply, answer) = oneshot::channel();
        Worker::start()?.run(move |_| {
            let connected = connector.connect_patiently(Purpose::Any);
            let _ = reply.send(connected.and_then(|mut connection| work(&mut connection)));
        });
        let panicked = || DatabaseError::nonsense("a call to the database has panicked");
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Runs `work`, which makes connections of its own, within the timeout.
    pub(crate) async fn run_in_time<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connector) -> DbResult<T> + Send + 'static,
    {
        let connector = self.connector.clone();
        self.watch.may_connect()?;
        let deadline = Instant::now() + self.watch.timeout();
        let answer = Worker::start()?.call(&self.watch, deadline, (), move |_| work(&connector));
        self.in_time(answer).await?
    }

    /// Waits for an idle connection, or for the right to open one.
    async fn lease(&self, deadline: Instant) -> DbResult<Lease> {
        let until = deadline
            .min(Instant::now() + self.connector.acquire_timeout)
            .into();
        let mut wait = None;
        loop {
            let permit = if let Ok(free) = Arc::clone(&self.permits).try_acquire_owned() {
                free
            } else {
                wait.get_or_insert_with(|| self.waits.begin());
                let permit = Arc::clone(&self.permits).acquire_owned();
                let Ok(Ok(permit)) = timeout_at(until, permit).await else {
                    return Err(self.nothing_free());
                };
                permit
            };
            let kept = match self.kept.try_get() {
                None if self.threads.may_be_more() => Some(self.start_thread()?),
                idle => idle,
            };
            if let Some(kept) = kept {
                return Ok(Lease {
                    kept,
                    _permit: permit,
                    _freed: Freed(Arc::clone(&self.freed)),
                });
            }
            drop(permit);
            wait.get_or_insert_with(|| self.waits.begin());
            if timeout_at(until, self.freed.notified()).await.is_err() {
                return Err(self.nothing_free());
            }
        }
    }

    fn start_thread(&self) -> DbResult<PooledConnection<Threads>> {
        self.watch.may_connect()?;
        self.kept.get().map_err(|error| {
            let text = format!("no thread for a connection: {error}");
            DatabaseError::unavailable(text)
        })
    }

    fn close_idle(&self) {
        while let Some(idle) = self.kept.try_get() {
            idle.worker.close();
        }
    }

    /// Tells how busy it is, and holds none of the connections.
    pub(crate) fn uses(&self) -> impl Fn() -> PoolUse + use<> {
        let size = usize::try_from(self.kept.max_size()).unwrap_or(1);
        let (threads, waits) = (self.threads.clone(), Arc::clone(&self.waits));
        let permits = Arc::clone(&self.permits);
        move || {
            let in_use = size.saturating_sub(permits.available_permits());
            waits.read([size, threads.count(), in_use])
        }
    }

    fn nothing_free(&self) -> DatabaseError {
        self.waits.note_timeout();
        let open = self.threads.count();
        let waited = self.connector.acquire_timeout.as_millis();
        let text = format!("all {open} connections of the pool were in use for {waited} ms");
        DatabaseError::unavailable(text)
    }

    async fn in_time<T>(&self, answer: Answer<T>) -> DbResult<T> {
        match answer.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(watch::too_late(self.watch.timeout())),
        }
    }
}

/// Runs `work` on the connection, which is opened if there is none. The outer error says that it
/// could not be opened.
fn run_on<T>(
    connection: &mut Option<KeptConnection>,
    connector: &Connector,
    work: impl FnOnce(&mut AnyConnection) -> DbResult<T>,
) -> DbResult<DbResult<T>> {
    let kept = match connection {
        Some(kept) => kept,
        None => connection.insert(KeptConnection::new(connector.connect_for(Purpose::Any)?)),
    };
    let result = kept.run(work);
    if kept.is_useless() {
        *connection = None;
    }
    Ok(result)
}
