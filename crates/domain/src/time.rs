//! Instants.

/// An instant on the UTC time line.
///
/// Everything stored is kept to the microsecond, which is what PostgreSQL's `timestamptz` holds;
/// [`Clock::now`](crate::ports::Clock::now) gives nothing finer, so that a value read back equals
/// the value written.
pub use jiff::Timestamp;

/// A span of time. Never negative.
pub use std::time::Duration;

/// `timestamp` without what is finer than a microsecond.
pub fn to_microseconds(timestamp: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(timestamp.as_microsecond()).unwrap_or(timestamp)
}

/// `timestamp + span`, or the end of time.
pub fn after(timestamp: Timestamp, span: Duration) -> Timestamp {
    timestamp.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// `timestamp - span`, or the beginning of time.
pub fn before(timestamp: Timestamp, span: Duration) -> Timestamp {
    timestamp.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finer_than_a_microsecond_is_dropped() {
        let fine = Timestamp::new(1_700_000_000, 123_456_789).unwrap();
        let coarse = Timestamp::new(1_700_000_000, 123_456_000).unwrap();
        assert_eq!(to_microseconds(fine), coarse);
    }

    #[test]
    fn the_ends_of_time_are_not_passed() {
        let second = Duration::from_secs(1);
        assert_eq!(after(Timestamp::MAX, second), Timestamp::MAX);
        assert_eq!(before(Timestamp::MIN, second), Timestamp::MIN);
    }
}
