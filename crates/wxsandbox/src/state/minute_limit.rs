//! So many calls per minute and key. The count begins anew with each minute of the clock.

use std::{collections::HashMap, sync::Arc};

use crate::clock::Moment;

#[derive(Default)]
pub(crate) struct MinuteLimit {
    minute: i64,
    counts: HashMap<Arc<str>, u32>,
}

impl MinuteLimit {
    /// Counts a call; `false` if it is one too many. A limit of 0 allows everything.
    pub(crate) fn allows(&mut self, now: Moment, key: &Arc<str>, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        if self.minute != now.minute() {
            self.minute = now.minute();
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
    fn the_call_above_the_limit_waits_for_the_next_minute() {
        let (mut limit, key) = (MinuteLimit::default(), Arc::from("o"));
        let (first, next) = (Moment::from_unix_seconds(59), Moment::from_unix_seconds(60));
        assert!(limit.allows(first, &key, 2));
        assert!(limit.allows(first, &key, 2));
        assert!(!limit.allows(first, &key, 2));
        assert!(limit.allows(next, &key, 2));
    }

    #[test]
    fn keys_are_counted_apart_and_zero_means_no_limit() {
        let mut limit = MinuteLimit::default();
        let now = Moment::from_unix_seconds(0);
        assert!(limit.allows(now, &Arc::from("a"), 1));
        assert!(limit.allows(now, &Arc::from("b"), 1));
        assert!(!limit.allows(now, &Arc::from("a"), 1));
        assert!(limit.allows(now, &Arc::from("a"), 0));
    }
}
