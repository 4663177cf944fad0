//! One call on a connection of the pool.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use tracing::Span;

use super::places::Lease;
use crate::connection::{AnyConnection, Connector, KeptConnection, Purpose};
use crate::error::DatabaseError;
use crate::watch::{UnderWay, Watch};

/// What came of a call.
pub(super) enum Outcome<T> {
    /// There was no connection yet, and none could be opened.
    NotOpened(DatabaseError),
    Done(Result<T, DatabaseError>),
    Panicked(Box<dyn Any + Send>),
}

/// The outcome, and the work to be done again.
type Answer<T, F> = (Outcome<T>, F);

/// A call that somebody waits for. If it is given up, the reply is dropped.
struct Call<A> {
    lease: Lease,
    reply: Mutex<Option<oneshot::Sender<A>>>,
}

impl<A> Call<A> {
    fn take_reply(&self) -> Option<oneshot::Sender<A>> {
        self.reply
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl<A: Send> UnderWay for Call<A> {
    fn give_up(&self) {
        self.lease.close();
        drop(self.take_reply());
    }
}

/// Has `work` done on the connection of `lease`, which is opened if it is new.
pub(super) fn call<T, F>(
    lease: Lease,
    connector: &Connector,
    watch: &Watch,
    deadline: Instant,
    work: F,
) -> oneshot::Receiver<Answer<T, F>>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> Result<T, DatabaseError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let worker = lease.worker();
    let call = Arc::new(Call {
        lease,
        reply: Mutex::new(Some(reply)),
    });
    let (connector, watch, span) = (connector.clone(), watch.clone(), Span::current());
    worker.run(Box::new(move |connection| {
        let ticket = watch.begin(deadline, call.clone());
        let outcome = span.in_scope(|| attempt(connection, &connector, &work));
        if !ticket.ended_in_time() {
            *connection = None;
            return;
        }
        // The connection first, so that who is answered finds it.
        match connection {
            Some(_) => call.lease.give_back(),
            None => call.lease.close(),
        }
        if let Some(reply) = call.take_reply() {
            let _ = reply.send((outcome, work));
        }
    }));
    answer
}

/// Leaves `connection` empty if it is of no use any more.
fn attempt<T>(
    connection: &mut Option<KeptConnection>,
    connector: &Connector,
    work: impl Fn(&mut AnyConnection) -> Result<T, DatabaseError>,
) -> Outcome<T> {
    let attempted = catch_unwind(AssertUnwindSafe(|| {
        // Taken out, so that it goes if `work` panics in the middle of something.
        let mut kept = match connection.take() {
            Some(kept) => kept,
            None => match connector.connect_for(Purpose::Any) {
                Ok(opened) => KeptConnection::new(opened),
                Err(error) => return Outcome::NotOpened(error),
            },
        };
        let result = kept.run(work);
        if !kept.is_useless() {
            *connection = Some(kept);
        }
        Outcome::Done(result)
    }));
    attempted.unwrap_or_else(Outcome::Panicked)
}
