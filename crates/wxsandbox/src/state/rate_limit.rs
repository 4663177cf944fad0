//! So many calls per window and key. The count begins anew with each window of the clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;

pub(crate) struct RateLimit {
    window: Duration,
    number: u128,
    counts: HashMap<Arc<str>, u32>,
}

impl RateLimit {
    pub(crate) fn per(window: Duration) -> Self {
        Self {
            window,
            number: 0,
            counts: HashMap::new(),
        }
    }

    /// Counts a call; `false` if it is one too many. A limit of 0 allows everything.
    pub(crate) fn allows(&mut self, now: Moment, key: &Arc<str>, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        let number = now.since(Moment::default()).as_millis() / self.window.as_millis().max(1);
        if self.number != number {
            self.number = number;
            self.counts.clear();
        }
        let count = self.counts.entry(Arc::clone(key)).or_insert(0);
        *count = count.saturating_add(1);
        *count <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_above_the_limit_waits_for_the_next_window() {
        let mut limit = RateLimit::per(Duration::from_mins(1));
        let key = Arc::from("o");
        let (first, next) = (Moment::from_unix_seconds(59), Moment::from_unix_seconds(60));
        assert!(limit.allows(first, &key, 2));
        assert!(limit.allows(first, &key, 2));
        assert!(!limit.allows(first, &key, 2));
        assert!(limit.allows(next, &key, 2));
    }

    #[test]
    fn keys_are_counted_apart_and_zero_means_no_limit() {
        let mut limit = RateLimit::per(Duration::from_secs(1));
        let now = Moment::from_unix_seconds(0);
        assert!(limit.allows(now, &Arc::from("a"), 1));
        assert!(limit.allows(now, &Arc::from("b"), 1));
        assert!(!limit.allows(now, &Arc::from("a"), 1));
        assert!(limit.allows(now, &Arc::from("a"), 0));
    }
}
