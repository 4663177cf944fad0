//! How much goes through a queue.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::statistics::QueueUse;

/// The counts of one queue, over all its writers.
#[derive(Debug, Default)]
pub(crate) struct QueueCounts {
    waiting: AtomicUsize,
    batches: AtomicU64,
    items: AtomicU64,
}

impl QueueCounts {
    pub(super) fn one_more_waits(&self) -> Waiting<'_> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting {
            counts: self,
            before,
        }
    }

    pub(super) fn begin_batch(&self, items: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.items.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, name: &'static str) -> QueueUse {
        QueueUse {
            name,
            waiting: self.waiting.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            items: self.items.load(Ordering::Relaxed),
        }
    }
}

/// One of those who wait.
pub(super) struct Waiting<'a> {
    counts: &'a QueueCounts,
    /// How many there were before.
    pub(super) before: usize,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
