//! Selects the key that signs.

use std::time::Duration;

/// How often the keys are read: every replica publishes a new key this soon.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// How long a key must have been published before it signs. Verifiers wait between two readings of a key
/// set, jose 30 s (`cooldownDuration`): a token must not show them a key that they could not have read.
const PUBLISHED: Duration = Duration::from_secs(35);

/// How old a key must be before it signs: by then every replica has read it and published it for
/// [`PUBLISHED`]. 5 s are for a reading that takes long. With [`EVERY`] that makes 50 s at most, within
/// the promised 60.
const SETTLED: Duration = Duration::from_secs(45);

#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Whether it is of the configured algorithm.
    pub(super) is_wanted: bool,
    /// Its age by the database's clock.
    pub(super) age: Duration,
    /// How long this process has published it. `None` for a key that was there at its first reading:
    /// other replicas, or this one before it was restarted, have published it.
    pub(super) published: Option<Duration>,
}

impl Candidate {
    /// In how long it may sign.
    fn settles_in(&self) -> Duration {
        let published = self.published.unwrap_or(Duration::MAX);
        SETTLED
            .saturating_sub(self.age)
            .max(PUBLISHED.saturating_sub(published))
    }

    fn is_settled(&self) -> bool {
        self.settles_in().is_zero()
    }
}

/// The index of the key that signs, of `candidates` from the newest to the oldest: the newest of the
/// configured algorithm that has settled, else the newest that has settled, else the oldest, so that
/// the first key ever signs at once.
pub(super) fn signing(candidates: &[Candidate]) -> Option<usize> {
    let wanted = candidates
        .iter()
        .position(|key| key.is_wanted && key.is_settled());
    wanted
        .or_else(|| candidates.iter().position(Candidate::is_settled))
        .or_else(|| candidates.len().checked_sub(1))
}

/// When to read the keys again: sooner if one settles before that.
pub(super) fn next_reading(candidates: &[Candidate]) -> Duration {
    let waits = candidates.iter().map(Candidate::settles_in);
    let next = waits.filter(|wait| !wait.is_zero()).min();
    next.map_or(EVERY, |wait| wait.min(EVERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn key(is_wanted: bool, age: u64, published: Option<u64>) -> Candidate {
        Candidate {
            is_wanted,
            age: seconds(age),
            published: published.map(seconds),
        }
    }

    #[test]
    fn the_first_key_ever_signs_at_once() {
        assert_eq!(signing(&[]), None);
        assert_eq!(signing(&[key(true, 0, None)]), Some(0));
        assert_eq!(signing(&[key(false, 0, Some(0))]), Some(0));
    }

    #[test]
    fn a_new_key_signs_when_every_replica_has_published_it_for_35_s_and_within_60_s() {
        // A replica reads a key at once or up to one interval late, and then every interval.
        for late in 0..=5 {
            let signs_at = (0..100).find(|second| {
                let published = second - late.min(*second);
                let new = key(true, *second, Some(published));
                signing(&[new, key(true, 9_000, None)]) == Some(0)
            });
            let signs_at = signs_at.unwrap();
            assert!((35 + 5..60).contains(&signs_at), "{late}: {signs_at}");
        }
    }

    #[test]
    fn a_key_that_was_read_late_is_published_for_35_s_too() {
        let old = key(true, 9_000, None);
        assert_eq!(signing(&[key(true, 50, Some(34)), old]), Some(1));
        assert_eq!(signing(&[key(true, 51, Some(35)), old]), Some(0));
    }

    #[test]
    fn keys_of_another_algorithm_sign_until_one_of_the_configured_has_settled() {
        let (old, other) = (key(true, 9_000, None), key(false, 100, None));
        assert_eq!(signing(&[other, old]), Some(1));
        let old = key(false, 9_000, None);
        assert_eq!(signing(&[key(true, 44, Some(44)), old]), Some(1));
        assert_eq!(signing(&[key(true, 45, Some(45)), old]), Some(0));
    }

    #[test]
    fn the_keys_are_read_when_one_settles_and_every_5_s() {
        assert_eq!(next_reading(&[]), EVERY);
        assert_eq!(next_reading(&[key(true, 45, None)]), EVERY);
        assert_eq!(next_reading(&[key(true, 43, None)]), seconds(2));
        assert_eq!(next_reading(&[key(true, 10, Some(8))]), EVERY);
    }
}
