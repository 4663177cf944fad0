//! The machine's clock.

use async_trait::async_trait;
use domain::ports::Clock;
use domain::time::{Duration, Timestamp, to_microseconds};
use uuid::Uuid;

/// The [`Clock`] of a running service.
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
