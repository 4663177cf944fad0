//! The clock, moved.

use std::time::Duration;

use super::Control;
use crate::clock::Moment;

impl Control {
    /// What the sandbox's clock shows.
    pub fn now(&self) -> Moment {
        self.world.now()
    }

    /// Moves the clock on: codes, keys and tokens age at once.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
        self.world.notices_changed.notify_one();
    }

    /// Sets the clock, forwards or back.
    pub fn set_clock(&self, to: Moment) {
        self.world.clock.set(to);
        self.world.notices_changed.notify_one();
    }
}
