//! How busy a database is, for metrics. Reading it makes no call to the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Reads how busy a database is. It keeps no connection open.
#[derive(Clone)]
pub struct Statistics {
    pub(crate) pool: Arc<dyn Fn() -> PoolUse + Send + Sync>,
    pub(crate) queues: [(&'static str, Arc<QueueCounts>); 4],
}

/// The use of the pool, which serves reads and single writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// How many connections there can be.
    pub size: usize,
    /// How many are open.
    pub open: usize,
    /// How many calls have one or may open one.
    pub in_use: usize,
    /// How many calls wait for one.
    pub waiting: usize,
    /// How long all calls together have waited.
    pub waited: Duration,
    /// How many waited and got none.
    pub timed_out: u64,
}

/// The use of one of the queues whose items are written in batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueUse {
    /// What is written.
    pub name: &'static str,
    /// How many items wait or are being written.
    pub waiting: usize,
    /// How many batches have been begun.
    pub batches: u64,
    /// How many items were in them.
    pub items: u64,
}

impl Statistics {
    /// The use of the pool now.
    pub fn pool(&self) -> PoolUse {
        (self.pool)()
    }

    /// The use of the queues now.
    pub fn queues(&self) -> [QueueUse; 4] {
        self.queues
            .each_ref()
            .map(|(name, counts)| counts.read(name))
    }
}

/// The counts of one queue, over all its writers.
#[derive(Debug, Default)]
pub(crate) struct QueueCounts {
    /// Each of those who wait has a clone.
    pub(crate) waiting: Arc<()>,
    batches: AtomicU64,
    items: AtomicU64,
}

impl QueueCounts {
    pub(crate) fn waiting(&self) -> usize {
        Arc::strong_count(&self.waiting) - 1
    }

    pub(crate) fn begin_batch(&self, items: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.items.fetch_add(items as u64, Ordering::Relaxed);
    }

    fn read(&self, name: &'static str) -> QueueUse {
        QueueUse {
            name,
            waiting: self.waiting(),
            batches: self.batches.load(Ordering::Relaxed),
            items: self.items.load(Ordering::Relaxed),
        }
    }
}

/// Calls that wait for something.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    waiting: AtomicUsize,
    waited_us: AtomicU64,
    timed_out: AtomicU64,
}

/// A call that waits. It is counted until it is dropped.
pub(crate) struct Wait<'a> {
    waits: &'a Waits,
    since: Instant,
}

impl Waits {
    pub(crate) fn begin(&self) -> Wait<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Wait {
            waits: self,
            since: Instant::now(),
        }
    }

    pub(crate) fn note_timeout(&self) {
        self.timed_out.fetch_add(1, Ordering::Relaxed);
    }

    /// The use of a pool of this size, of whose connections so many are open and in use.
    pub(crate) fn read(&self, [size, open, in_use]: [usize; 3]) -> PoolUse {
        PoolUse {
            size,
            open,
            in_use,
            waiting: self.waiting.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.waited_us.load(Ordering::Relaxed)),
            timed_out: self.timed_out.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let waited = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waits.waited_us.fetch_add(waited, Ordering::Relaxed);
        self.waits.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
