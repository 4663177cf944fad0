//! Items that are written together, and their callers.

use std::ops::Range;

use domain::ports::{RepositoryError, StoreResult};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Batched;
use crate::error::DatabaseError;

pub(super) type Reply<B> = oneshot::Sender<StoreResult<<B as Batched>::Outcome>>;

/// An item that waits, and who waits for it.
pub(super) struct Pending<B: Batched> {
    pub(super) item: Box<B::Item>,
    pub(super) reply: Reply<B>,
}

/// Those who wait for the items of a batch, by the items' positions. Each is answered once: what
/// comes of a batch that was given up is not needed.
pub(super) struct Replies<B: Batched>(Mutex<Vec<Option<Reply<B>>>>);

impl<B: Batched> Replies<B> {
    /// Parts items from those who wait for them.
    pub(super) fn of(batch: Vec<Pending<B>>) -> (Vec<Box<B::Item>>, Self) {
        let parted = batch.into_iter();
        let (items, replies) = parted
            .map(|pending| (pending.item, Some(pending.reply)))
            .unzip();
        (items, Self(Mutex::new(replies)))
    }

    pub(super) fn outcomes(&self, of: Range<usize>, outcomes: Vec<B::Outcome>) {
        for (reply, outcome) in self.take(of).into_iter().zip(outcomes) {
            // Who has gone away does not want to know.
            let _ = reply.map(|reply| reply.send(Ok(outcome)));
        }
    }

    pub(super) fn refuse(&self, of: Range<usize>, error: &DatabaseError) {
        for reply in self.take(of).into_iter().flatten() {
            let _ = reply.send(Err(RepositoryError::from(error.clone())));
        }
    }

    pub(super) fn refuse_all(&self, error: &DatabaseError) {
        let count = self.0.lock().len();
        self.refuse(0..count, error);
    }

    fn take(&self, of: Range<usize>) -> Vec<Option<Reply<B>>> {
        let mut replies = self.0.lock();
        let replies = replies.get_mut(of).unwrap_or_default();
        replies.iter_mut().map(Option::take).collect()
    }
}
