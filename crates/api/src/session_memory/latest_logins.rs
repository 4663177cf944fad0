//! When users last logged in here: a login may change what their other sessions show of them.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::UserId;
use quick_cache::sync::Cache;

/// Of how many users it is known, those who logged in longest ago go first. (What other sessions
/// show of them is a little older then; what matters comes by the feed.)
const CAPACITY: usize = 6_500;

/// Users by their latest login, counted over all.
pub(super) struct LatestLogins {
    count: AtomicU64,
    latest: Cache<UserId, u64>,
}

impl Default for LatestLogins {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            latest: Cache::new(CAPACITY),
        }
    }
}

impl LatestLogins {
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// The user has logged in; how many there were with this one.
    pub(super) fn add(&self, user: UserId) -> u64 {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.latest.insert(user, count);
        count
    }

    /// How many there were with the latest of this user.
    pub(super) fn of(&self, user: UserId) -> u64 {
        self.latest.get(&user).unwrap_or(0)
    }
}
