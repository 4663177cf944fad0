//! How busy the pool is.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::threads::Threads;
use crate::statistics::{PoolUse, Waits};

/// What is known of the pool's use. It holds none of the connections.
#[derive(Clone)]
pub(crate) struct PoolCounts {
    pub(super) size: usize,
    pub(super) threads: Threads,
    pub(super) permits: Arc<Semaphore>,
    pub(super) waits: Arc<Waits>,
}

impl PoolCounts {
    pub(crate) fn read(&self) -> PoolUse {
        let in_use = self.size.saturating_sub(self.permits.available_permits());
        self.waits.read([self.size, self.threads.count(), in_use])
    }
}

impl fmt::Debug for PoolCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}
