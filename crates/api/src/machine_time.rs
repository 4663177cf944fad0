//! The clocks of this machine, and the time that passes on it, including suspension.

use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::Clock;
use domain::time::{Timestamp, to_microseconds};
use uuid::Uuid;

/// The two clocks of the machine: one that counts up, and one that shows the time of day.
///
/// The first also counts while the machine is suspended. It stands still while a virtual machine is
/// paused or moved; then only the second tells how much time has passed.
pub(crate) struct MachineTime {
    pub(crate) wall: Arc<dyn Clock>,
    start: Duration,
    /// Milliseconds that a test has added to the count.
    #[cfg(test)]
    pub(crate) added: AtomicU64,
}

impl MachineTime {
    /// Counts from now on. `wall` shows the time of day.
    pub(crate) fn new(wall: Arc<dyn Clock>) -> Self {
        Self {
            wall,
            start: since_boot(),
            #[cfg(test)]
            added: AtomicU64::new(0),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        let elapsed = since_boot().saturating_sub(self.start);
        #[cfg(test)]
        let elapsed = elapsed + Duration::from_millis(self.added.load(Ordering::SeqCst));
        elapsed
    }

    /// The same in milliseconds.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        millis(self.elapsed())
    }

    pub(crate) fn now(&self) -> Instants {
        Instants::new(self.elapsed_ms(), self.wall.now())
    }
}

/// The time since the machine was started, suspension included.
fn since_boot() -> Duration {
    // `std::time::Instant` does not count suspension, neither on Linux nor on macOS.
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A moment on both clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instants {
    /// Milliseconds by the clock that counts up.
    pub(crate) elapsed: u64,
    /// Milliseconds since 1970 by the clock that shows the time of day.
    pub(crate) wall: i64,
}

impl Instants {
    pub(crate) fn new(elapsed: u64, wall: Timestamp) -> Self {
        Self {
            elapsed,
            wall: wall.as_millisecond(),
        }
    }

    /// Whether both clocks agree that no more than `limit` passed from `earlier` to this moment.
    pub(crate) fn is_within(self, limit: Duration, earlier: Self) -> bool {
        let limit = limit.as_millis();
        let elapsed = u128::from(self.elapsed.saturating_sub(earlier.elapsed));
        let by_wall = u128::try_from(self.wall.saturating_sub(earlier.wall));
        elapsed <= limit && by_wall.is_ok_and(|by_wall| by_wall <= limit)
    }
}

/// The time of day, and ids by it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port through which time comes"
    )]
    fn now(&self) -> Timestamp {
        to_microseconds(Timestamp::now())
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    async fn wait(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
