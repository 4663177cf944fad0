//! How many answers there were, and how long they took.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The answers of a window.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    window: Duration,
    /// Response times, µs, to three digits.
    times: Histogram<u64>,
}

impl Tally {
    pub(super) fn new(window: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            window,
            times: Histogram::new(3)?,
        })
    }

    pub(super) fn count(&mut self, time: Duration) -> anyhow::Result<()> {
        let micros = u64::try_from(time.as_micros())?;
        Ok(self.times.record(micros.max(1))?)
    }

    pub(super) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.times.add(&other.times)?)
    }

    /// How many answers.
    pub(crate) fn answers(&self) -> u64 {
        self.times.len()
    }

    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let answers = self.answers() as f64;
        answers / self.window.as_secs_f64()
    }

    /// The response time that `share` of the answers (0 to 1) do not exceed, ms.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let micros = self.times.value_at_quantile(share) as f64;
        micros / 1_000.0
    }
}
