//! One writer, and what it does when a batch fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::batch::Replies;
use super::wire::Wire;
use super::{Batched, LaneStatus};
use crate::error::{DbResult, FailureKind};
use crate::watch;

/// How often a batch is tried while others keep changing what it builds upon, or the connection
/// breaks.
const MAX_TRIES: u32 = 4;

/// Writes batches.
pub(super) struct Writer<'a, B> {
    pub(super) batched: &'a B,
    pub(super) wire: &'a Wire,
    pub(super) status: &'a LaneStatus,
}

impl<B: Batched> Writer<'_, B> {
    /// Writes a batch and answers everyone who waits for it. After a panic those of the batch
    /// hear that the writer has failed, and it goes on with a new connection.
    pub(super) fn write_guarded(&self, items: &[Box<B::Item>], replies: &Replies<B>) {
        if !items.is_empty() {
            // The panic has been reported; the callers see their channels closed.
            let write = || self.write(items, 0, replies);
            let _ = catch_unwind(AssertUnwindSafe(write));
        }
    }

    /// Writes the items that stand at `start` and after it in the batch.
    fn write(&self, items: &[Box<B::Item>], start: usize, replies: &Replies<B>) {
        let all = start..start + items.len();
        let references: Vec<_> = items.iter().map(|item| &**item).collect();
        let error = match self.try_write(&references) {
            Ok(outcomes) => {
                self.status.has_written();
                return replies.outcomes(all, outcomes);
            }
            Err(error) => error,
        };
        if !error.is_of_a_row() {
            self.status.has_failed();
        }
        if error.is_of_a_row() && items.len() > 1 {
            // By halves to the one that is refused, so that it fails alone.
            let middle = items.len() / 2;
            let (first, second) = items.split_at(middle);
            self.write(first, start, replies);
            self.write(second, start + middle, replies);
        } else {
            replies.refuse(all, &error);
        }
    }

    fn try_write(&self, items: &[&B::Item]) -> DbResult<Vec<B::Outcome>> {
        let mut in_doubt = false;
        let mut tries = 1;
        loop {
            let attempt = self.wire.run(|connection| {
                if in_doubt {
                    self.batched.write_again(connection, items)
                } else {
                    self.batched.write(connection, items)
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
}
