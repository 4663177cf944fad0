//! For how long cached sessions are valid.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::machine_time::Instants;

/// How long what is remembered is believed after a successful read of the feed. Together with the
/// second between two reads this keeps a revocation below the 5 s that are promised.
pub(super) const BELIEVED_FOR: Duration = Duration::from_secs(4);

/// When the last successful read of the feed was asked for. Before the first, nothing is believed.
pub(super) struct Trust {
    elapsed: AtomicU64,
    wall: AtomicI64,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            elapsed: AtomicU64::new(0),
            wall: AtomicI64::new(i64::MIN),
        }
    }
}

impl Trust {
    /// Whether what is remembered may be used at `now`. After a read of the feed, what it told has
    /// been forgotten by then.
    pub(super) fn holds_at(&self, now: Instants) -> bool {
        let asked = Instants {
            elapsed: self.elapsed.load(Ordering::Acquire),
            wall: self.wall.load(Ordering::Acquire),
        };
        now.is_within(BELIEVED_FOR, asked)
    }

    /// The feed has been read by a query that was sent at `asked`, and what it told is forgotten.
    pub(super) fn renew(&self, asked: Instants) {
        self.elapsed.store(asked.elapsed, Ordering::Release);
        self.wall.store(asked.wall, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(elapsed: u64, wall: i64) -> Instants {
        Instants { elapsed, wall }
    }

    #[test]
    fn nothing_is_believed_before_the_first_read() {
        let trust = Trust::default();
        for wall in [i64::MIN, -1, 0, 1, 1_790_000_000_000, i64::MAX] {
            let now = at(0, wall);
            assert_eq!(trust.holds_at(now), wall == i64::MIN, "{now:?}");
        }
    }

    #[test]
    fn trust_ends_by_whichever_clock_says_so_first() {
        let trust = Trust::default();
        trust.renew(at(10_000, 50_000));
        for (elapsed, wall, holds) in [
            (10_000, 50_000, true),
            (14_000, 54_000, true),
            (14_001, 54_000, false),
            (14_000, 54_001, false),
            // The machine was suspended.
            (10_001, 3_650_000, false),
            // The wall clock was set back.
            (10_001, 49_999, false),
            (3_610_000, 50_001, false),
        ] {
            assert_eq!(trust.holds_at(at(elapsed, wall)), holds, "{elapsed} {wall}");
        }
    }
}
