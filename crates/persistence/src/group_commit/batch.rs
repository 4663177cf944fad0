//! A batch of items, and what its writer does when it fails.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use domain::ports::{RepositoryError, StoreResult};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Batched;
use super::lane::Shared;
use super::wire::Wire;
use crate::error::{DatabaseError, DbResult, FailureKind};
use crate::watch;

/// How often a batch is tried while others keep changing what it builds upon, or the connection
/// breaks.
const MAX_TRIES: u32 = 4;

pub(super) type Reply<B> = oneshot::Sender<StoreResult<<B as Batched>::Outcome>>;

/// An item that waits, and who waits for it.
pub(super) struct Pending<B: Batched> {
    pub(super) item: Box<B::Item>,
    pub(super) reply: Reply<B>,
}

/// A batch in progress.
pub(super) struct Batch<B: Batched> {
    lane: Arc<Shared<B>>,
    wire: Wire,
    /// Those who wait, by the positions of their items. Each is answered once: what comes of a batch
    /// that was given up is not needed.
    replies: Mutex<Vec<Option<Reply<B>>>>,
}

impl<B: Batched> Batch<B> {
    /// Parts items from those who wait for them.
    pub(super) fn of(lane: Arc<Shared<B>>, pending: Vec<Pending<B>>) -> (Vec<Box<B::Item>>, Self) {
        let pending = pending.into_iter();
        let (items, replies) = pending
            .map(|pending| (pending.item, Some(pending.reply)))
            .unzip();
        let batch = Self {
            wire: lane.wire.current(),
            lane,
            replies: Mutex::new(replies),
        };
        (items, batch)
    }

    /// Writes the batch and answers everyone who waits for it. After a panic those of the batch
    /// hear that the writer has failed, and it goes on with a new connection.
    pub(super) fn write(&self, items: &[Box<B::Item>]) {
        if let Err(error) = self.lane.connect(&self.wire) {
            self.refuse(0..items.len(), &error);
            // Requests that arrived during the attempt to connect get the same result.
            self.lane.refuse_waiting(&error);
            return;
        }
        if !items.is_empty() {
            // The panic has been reported; the callers see their channels closed.
            let _ = catch_unwind(AssertUnwindSafe(|| self.write_part(items, 0)));
        }
        if !watch::is_given_up() {
            self.lane.note_connected(self.wire.is_connected());
        }
    }

    /// Its thread is left behind with its connection; another goes on with a new one.
    pub(super) fn give_up(&self) {
        let error = watch::too_late(self.lane.options.watch.timeout());
        let count = self.replies.lock().len();
        self.refuse(0..count, &error);
        // They have waited for the same thing, some of them nearly as long.
        self.lane.refuse_waiting(&error);
        self.lane.status.has_failed();
        self.lane.note_connected(false);
        self.lane.wire.renew(&self.wire);
        if let Err(error) = self.lane.spawn() {
            tracing::error!(%error, "no thread can be started to write {}", B::NAME);
        }
    }

    /// Writes the items that stand at `start` and after it in the batch.
    fn write_part(&self, items: &[Box<B::Item>], start: usize) {
        let all = start..start + items.len();
        let references: Vec<_> = items.iter().map(|item| &**item).collect();
        let error = match self.try_write(&references) {
            Ok(outcomes) => {
                self.lane.status.has_written();
                for (reply, outcome) in self.take(all).into_iter().zip(outcomes) {
                    // Who has gone away does not want to know.
                    let _ = reply.map(|reply| reply.send(Ok(outcome)));
                }
                return;
            }
            Err(error) => error,
        };
        if !error.is_of_a_row() {
            self.lane.status.has_failed();
        }
        if error.is_of_a_row() && items.len() > 1 {
            // By halves to the one that is refused, so that it fails alone.
            let middle = items.len() / 2;
            let (first, second) = items.split_at(middle);
            self.write_part(first, start);
            self.write_part(second, start + middle);
        } else {
            self.refuse(all, &error);
        }
    }

    fn try_write(&self, items: &[&B::Item]) -> DbResult<Vec<B::Outcome>> {
        let batched = &self.lane.batched;
        let mut in_doubt = false;
        let mut tries = 1;
        loop {
            let attempt = self.wire.run(|connection| {
                if in_doubt {
                    batched.write_again(connection, items)
                } else {
                    batched.write(connection, items)
                }
            });
            let error = match attempt {
                Ok(outcomes) => return Ok(outcomes),
                Err(error) => error,
            };
            let is_worth_another = match error.kind {
                FailureKind::Disconnected => {
                    in_doubt = true;
                    true
                }
                FailureKind::Conflict => true,
                // In doubt it may be our own, whose commit has come through only now.
                FailureKind::Duplicate => in_doubt,
                FailureKind::Unavailable
                | FailureKind::Refused
                | FailureKind::Unfit
                | FailureKind::WrongMasterKey => false,
            };
            if !is_worth_another || tries == MAX_TRIES || watch::is_given_up() {
                return Err(error);
            }
            let (what, count) = (B::NAME, items.len());
            tracing::debug!(%error, tries, count, "a batch of {what} is repeated");
            tries += 1;
        }
    }

    fn refuse(&self, of: Range<usize>, error: &DatabaseError) {
        for reply in self.take(of).into_iter().flatten() {
            let _ = reply.send(Err(RepositoryError::from(error.clone())));
        }
    }

    fn take(&self, of: Range<usize>) -> Vec<Option<Reply<B>>> {
        let mut replies = self.replies.lock();
        let replies = replies.get_mut(of).unwrap_or_default();
        replies.iter_mut().map(Option::take).collect()
    }
}
