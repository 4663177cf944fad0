//! The pool of connections, used from asynchronous code.
//!
//! Each connection lives on a thread of its own ([`Worker`]). A call that takes too long is given
//! up ([`crate::watch`]): its caller is answered, its thread is left alone, and its place in the
//! pool is free for a new connection.

mod call;
mod places;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use tracing::Span;

use crate::connection::{AnyConnection, Connector, Purpose};
use crate::error::{DatabaseError, FailureKind};
use crate::watch::{self, Watch};
use crate::worker::Worker;
use call::{Outcome, call};
use places::Places;

pub(crate) use places::WritersFirst;

/// How often a call is done again because its connection turned out to be broken. The first time
/// all idle connections are replaced, so a second failure is another outage.
const MAX_REPEATS: u32 = 2;

/// Connections that are made when they are needed and kept for the next one.
#[derive(Clone)]
pub(crate) struct Pool {
    places: Arc<Places>,
    connector: Connector,
    watch: Watch,
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        watch: Watch,
        size: u32,
        writers: Arc<WritersFirst>,
    ) -> Self {
        Self {
            places: Places::new(size, connector.acquire_timeout, writers),
            connector,
            watch,
        }
    }

    /// Runs `work` on a connection, on a thread that may block. If the connection turns out to
    /// be broken, again on another: `work` must do no harm when it is done twice.
    ///
    /// It is given up when all of it takes longer than [`Watch::timeout`].
    pub(crate) async fn run<T, F>(&self, mut work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let deadline = Instant::now() + self.watch.timeout();
        let mut repeats = 0;
        loop {
            let lease = self.places.lease(&self.watch, deadline).await?;
            let answer = call(lease, &self.connector, &self.watch, deadline, work);
            let Ok((outcome, returned)) = answer.await else {
                return Err(watch::too_late(self.watch.timeout()));
            };
            work = returned;
            match outcome {
                Outcome::NotOpened(error) => self.places.refused(error)?,
                Outcome::Done(Err(error))
                    if error.kind == FailureKind::Disconnected && repeats < MAX_REPEATS =>
                {
                    repeats += 1;
                    self.places.close_idle();
                }
                Outcome::Done(result) => return result,
                Outcome::Panicked(panic) => resume_unwind(panic),
            }
        }
    }

    /// Runs `work` again and again, until it says that nothing is left. Nobody waits for it.
    pub(crate) fn repeat_in_background<F>(&self, work: F)
    where
        F: Fn(&mut AnyConnection) -> Result<bool, DatabaseError> + Clone + Send + 'static,
    {
        let pool = self.clone();
        tokio::spawn(async move {
            loop {
                match pool.run(work.clone()).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(%error, "work in the background was given up");
                        return;
                    }
                }
            }
        });
    }

    /// Runs `work` on a connection of its own, which is closed afterwards. It may take as long as
    /// it likes.
    pub(crate) async fn run_apart<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let connector = self.connector.clone();
        let (reply, answer) = oneshot::channel();
        let span = Span::current();
        Worker::start()?.run(Box::new(move |_| {
            let result = span.in_scope(|| work(&mut connector.connect_patiently(Purpose::Any)?));
            let _ = reply.send(result);
        }));
        let panicked = || DatabaseError::nonsense("a call to the database has panicked");
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Runs `work`, which opens connections of its own, and waits for it as long as for a call.
    pub(crate) async fn run_in_time<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connector) -> Result<T, DatabaseError> + Send + 'static,
    {
        let connector = self.connector.clone();
        let (reply, answer) = oneshot::channel();
        self.watch.may_connect()?;
        Worker::start()?.run(Box::new(move |_| {
            let _ = reply.send(work(&connector));
        }));
        let panicked = || DatabaseError::nonsense("a call to the database has panicked");
        match tokio::time::timeout(self.watch.timeout(), answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(panicked())),
            Err(_) => Err(watch::too_late(self.watch.timeout())),
        }
    }
}
