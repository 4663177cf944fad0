//! The sandbox's clock: the system's or a fixed one, and it can be moved.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::config::ClockStart;

/// A moment on the sandbox's clock, in milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment `seconds` after the Unix epoch.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds since the Unix epoch, as WeChat writes its timestamps.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    pub(crate) fn plus_seconds(self, seconds: u64) -> Self {
        self.plus(Duration::from_secs(seconds))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Number of the minute, for limits per minute.
    pub(crate) const fn minute(self) -> i64 {
        self.0.div_euclid(60_000)
    }

    /// Number of the day in China, where WeChat's daily limits begin anew at midnight.
    pub(crate) const fn china_day(self) -> i64 {
        self.0.saturating_add(8 * 3_600_000).div_euclid(86_400_000)
    }

    /// Number of the month in China, where some limits begin anew.
    pub(crate) fn china_month(self) -> i64 {
        let date = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        let date = jiff::tz::offset(8).to_datetime(date);
        i64::from(date.year()) * 12 + i64::from(date.month())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time to everything in the sandbox.
pub(crate) struct SandboxClock {
    runs: bool,
    /// Added to the system's time; for a clock that stands, the whole time.
    offset: AtomicI64,
}

impl SandboxClock {
    pub(crate) const fn new(start: ClockStart) -> Self {
        match start {
            ClockStart::System => Self {
                runs: true,
                offset: AtomicI64::new(0),
            },
            ClockStart::Fixed(moment) => Self {
                runs: false,
                offset: AtomicI64::new(moment.0),
            },
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(
            self.base()
                .saturating_add(self.offset.load(Ordering::Relaxed)),
        )
    }

    /// Moves the clock on; one that stands stands at the new moment.
    pub(crate) fn advance(&self, by: Duration) {
        self.offset.fetch_add(millis(by), Ordering::Relaxed);
    }

    /// Sets the clock, forwards or back; one that runs runs on from there.
    pub(crate) fn set(&self, to: Moment) {
        self.offset
            .store(to.0.saturating_sub(self.base()), Ordering::Relaxed);
    }

    fn base(&self) -> i64 {
        if self.runs { system_millis() } else { 0 }
    }
}

/// The system's time; also seeds the random generator, so that two runs do not return the same codes.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the sandbox's clock reads the system's"
)]
pub(crate) fn system_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_until_it_is_moved() {
        let clock = SandboxClock::new(ClockStart::Fixed(Moment::from_unix_seconds(1_000)));
        assert_eq!(clock.now().unix_seconds(), 1_000);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now().unix_seconds(), 1_005);
        clock.set(Moment::from_unix_seconds(10));
        assert_eq!(clock.now().unix_seconds(), 10);
    }

    #[test]
    fn a_system_clock_runs_on_from_where_it_was_set() {
        let clock = SandboxClock::new(ClockStart::System);
        clock.set(Moment::from_unix_seconds(10));
        let now = clock.now();
        assert!((10..70).contains(&now.unix_seconds()), "{now:?}");
    }

    #[test]
    fn the_day_of_the_quotas_begins_at_midnight_in_china() {
        let before = Moment::from_unix_seconds(1_700_063_999); // 2023-11-15 23:59:59 +08:00
        assert_eq!(before.china_day() + 1, before.plus_seconds(1).china_day());
    }
}
