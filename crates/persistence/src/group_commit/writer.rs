//! One writer, and what it does when a batch fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::ports::RepositoryError;

use super::{Batched, Pending, Wire};
use crate::error::{DatabaseError, FailureKind};

/// How often a batch is tried while others keep changing what it builds upon, or the connection
/// breaks.
const MAX_TRIES: u32 = 4;

/// Writes batches.
pub(super) struct Writer<B> {
    pub(super) batched: B,
    pub(super) wire: Wire,
}

impl<B: Batched> Writer<B> {
    /// Writes a batch and answers everyone who waits for it. After a panic those of the batch
    /// hear that the writer has failed, and it goes on with a new connection.
    pub(super) fn write_guarded(&self, batch: Vec<Pending<B>>) {
        // The panic has been reported; the callers see their channels closed.
        let _ = catch_unwind(AssertUnwindSafe(|| self.write(batch)));
    }

    fn write(&self, mut batch: Vec<Pending<B>>) {
        let items: Vec<_> = batch.iter().map(|pending| &*pending.item).collect();
        match self.try_write(&items) {
            Ok(outcomes) => {
                for (pending, outcome) in batch.into_iter().zip(outcomes) {
                    // Who has gone away does not want to know.
                    let _ = pending.reply.send(Ok(outcome));
                }
            }
            Err(error) if error.is_of_a_row() && batch.len() > 1 => {
                // By halves to the one that is refused, so that it fails alone.
                let second = batch.split_off(batch.len() / 2);
                self.write(batch);
                self.write(second);
            }
            Err(error) => refuse(batch, &error),
        }
    }

    fn try_write(&self, items: &[&B::Item]) -> Result<Vec<B::Outcome>, DatabaseError> {
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
                FailureKind::Unavailable | FailureKind::Refused | FailureKind::WrongMasterKey => {
                    false
                }
            };
            if !is_worth_another || tries == MAX_TRIES {
                return Err(error);
            }
            let (what, count) = (B::NAME, items.len());
            tracing::debug!(%error, tries, count, "a batch of {what} is repeated");
            tries += 1;
        }
    }
}

/// Answers everyone that their item is not written.
pub(super) fn refuse<B: Batched>(
    batch: impl IntoIterator<Item = Pending<B>>,
    error: &DatabaseError,
) {
    for pending in batch {
        let error = RepositoryError::from(error.clone());
        let _ = pending.reply.send(Err(error));
    }
}
