//! When something last happened to users or sessions here.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

/// Of how many ids it is known, those of longest ago go first. (What other sessions show of a user is a
/// little older then; what matters comes by the feed.)
const CAPACITY: usize = 6_500;

/// Ids by the latest event of each, counted over all.
pub(super) struct Latest<Id> {
    count: AtomicU64,
    latest: Cache<Id, u64>,
}

impl<Id: Eq + Hash> Default for Latest<Id> {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            latest: Cache::new(CAPACITY),
        }
    }
}

impl<Id: Eq + Hash> Latest<Id> {
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Counts an event of `id`. Returns how many there were with this one.
    pub(super) fn add(&self, id: Id) -> u64 {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.latest.insert(id, count);
        count
    }

    /// How many there were with the latest of `id`.
    pub(super) fn of(&self, id: &Id) -> u64 {
        self.latest.get(id).unwrap_or(0)
    }
}
