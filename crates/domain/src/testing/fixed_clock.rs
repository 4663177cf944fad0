//! A clock that stands until it is moved.

use std::sync::Mutex;

use async_trait::async_trait;
use uuid::Uuid;

use crate::ports::Clock;
use crate::time::{Duration, Timestamp, after, to_microseconds};

/// A [`Clock`] that a test moves. Waiting moves it too, and returns at once.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(to_microseconds(now)))
    }

    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = after(*now, span);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(Timestamp::constant(1_790_000_000, 0))
    }
}

#[async_trait]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    async fn wait(&self, span: Duration) {
        self.advance(span);
    }
}
