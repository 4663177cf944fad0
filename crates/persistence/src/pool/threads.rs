//! What r2d2 keeps: threads with connections, and when there may be one more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use r2d2::ManageConnection;

use crate::error::{DatabaseError, DbResult};
use crate::worker::Worker;

/// How long no further connection is opened after the database has refused one, while there are
/// others that can be waited for.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// Writers that have no connection. As long as there are any, the pool has one connection and
/// opens no more, because a database may give fewer than we would like.
#[derive(Debug, Default)]
pub(crate) struct WritersFirst(Arc<()>);

impl WritersFirst {
    /// One more waits, until what is returned is dropped.
    pub(crate) fn one_waits(&self) -> Arc<()> {
        Arc::clone(&self.0)
    }

    fn do_wait(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// Starts the threads of the pool. Each opens its connection in its first call, because a call has
/// a deadline and r2d2's threads have none.
#[derive(Clone)]
pub(super) struct Threads(Arc<State>);

struct State {
    writers: Arc<WritersFirst>,
    /// A clone of it is in each thread that r2d2 has.
    places: Arc<()>,
    no_more_before: Mutex<Option<Instant>>,
}

/// A thread in the pool.
pub(super) struct Place {
    pub(super) worker: Worker,
    _place: Arc<()>,
}

impl Threads {
    pub(super) fn new(writers: Arc<WritersFirst>) -> Self {
        Self(Arc::new(State {
            writers,
            places: Arc::default(),
            no_more_before: Mutex::default(),
        }))
    }

    /// How many connections are open or being opened.
    pub(super) fn count(&self) -> usize {
        Arc::strong_count(&self.0.places) - 1
    }

    /// Whether a writer needs one of the connections.
    pub(super) fn are_too_many(&self) -> bool {
        self.0.writers.do_wait() && self.count() > 1
    }

    pub(super) fn may_be_more(&self) -> bool {
        let paused_until = *self.0.no_more_before.lock();
        let is_paused = paused_until.is_some_and(|until| Instant::now() < until);
        self.count() == 0 || !is_paused && !self.0.writers.do_wait()
    }

    /// The database gave no connection. Fails if there is no other that can be waited for.
    pub(super) fn refused(&self, error: DatabaseError) -> DbResult<()> {
        let open = self.count();
        if open == 0 {
            return Err(error);
        }
        tracing::debug!(%error, open, "the database gives no further connection");
        *self.0.no_more_before.lock() = Some(Instant::now() + PAUSE_AFTER_REFUSAL);
        Ok(())
    }
}

impl ManageConnection for Threads {
    type Connection = Place;
    type Error = DatabaseError;

    fn connect(&self) -> DbResult<Place> {
        Ok(Place {
            worker: Worker::start()?,
            _place: Arc::clone(&self.0.places),
        })
    }

    /// Not asked ([`super::Pool::new`]).
    fn is_valid(&self, _: &mut Place) -> DbResult<()> {
        Ok(())
    }

    fn has_broken(&self, place: &mut Place) -> bool {
        !place.worker.is_open() || self.are_too_many()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal() -> DatabaseError {
        DatabaseError::unavailable("too many clients")
    }

    #[test]
    fn after_a_refusal_there_are_no_more_while_there_is_one() {
        let threads = Threads::new(Arc::default());
        assert!(threads.refused(refusal()).is_err());
        assert!(threads.may_be_more());
        let one = threads.connect().unwrap();
        assert!(threads.may_be_more());
        assert!(threads.refused(refusal()).is_ok());
        assert!(!threads.may_be_more());
        drop(one);
        assert!(threads.may_be_more());
    }

    #[test]
    fn while_a_writer_waits_there_is_one() {
        let threads = Threads::new(Arc::default());
        let waits = threads.0.writers.one_waits();
        assert!(threads.may_be_more());
        let two = [threads.connect(), threads.connect()].map(Result::unwrap);
        assert!(!threads.may_be_more());
        assert!(threads.are_too_many());
        drop(waits);
        assert!(threads.may_be_more());
        assert!(!threads.are_too_many());
        drop(two);
    }
}
