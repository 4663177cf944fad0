//! When requests are due.

use std::time::Duration;

use tokio::time::Instant;

use crate::exact;

/// How requests follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each connection asks again as soon as it is answered.
    AtOnce,
    /// So many requests a second over all connections, whether or not earlier ones are answered.
    /// The time of a request counts from when it was due, so that waiting is not left out.
    PerSecond(f64),
}

impl Pace {
    pub(super) fn of(self, index: usize, count: usize) -> Rhythm {
        match self {
            Self::AtOnce => Rhythm::AtOnce,
            #[expect(clippy::cast_precision_loss, reason = "there are few connections")]
            Self::PerSecond(rate) => {
                let step = Duration::from_secs_f64(count as f64 / rate);
                let offset = step.mul_f64(index as f64 / count as f64);
                Rhythm::Every {
                    step,
                    due: Instant::now() + offset,
                }
            }
        }
    }
}

/// The due times of one connection.
pub(super) enum Rhythm {
    AtOnce,
    Every { step: Duration, due: Instant },
}

impl Rhythm {
    /// Waits until the next request is due.
    pub(super) async fn next(&mut self) -> Instant {
        match self {
            Self::AtOnce => Instant::now(),
            Self::Every { step, due } => {
                let now = *due;
                *due += *step;
                exact::sleep_until(now).await;
                now
            }
        }
    }
}
