//! The age of a token by all clocks of the machine.

use std::time::Duration;

use domain::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Stands still while the machine is suspended.
    pub(super) running: Instant,
    pub(super) suspended: Duration,
    /// The time of day, if there is a clock for it. It alone goes on while a virtual machine is
    /// paused or moved.
    pub(super) wall: Option<Timestamp>,
}

impl Moment {
    /// The time since `earlier`, by the clock that went further.
    pub(super) fn since(self, earlier: Self) -> Duration {
        let counted = self.running.saturating_duration_since(earlier.running)
            + self.suspended.saturating_sub(earlier.suspended);
        let wall = self.wall.zip(earlier.wall);
        let wall = wall.and_then(|(now, then)| Duration::try_from(now.duration_since(then)).ok());
        counted.max(wall.unwrap_or_default())
    }
}

/// How long the machine has been suspended since its start. Only Linux tells.
pub(super) fn suspended() -> Duration {
    #[cfg(target_os = "linux")]
    let with_suspension = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let with_suspension = ClockId::Monotonic;
    let [all, running] = [with_suspension, ClockId::Monotonic]
        .map(|clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default());
    all.saturating_sub(running)
}
