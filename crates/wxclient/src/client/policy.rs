//! Timeouts, concurrency, and which calls are sent again.

use std::time::Duration;

use backon::ExponentialBuilder;
use tokio::time::Instant;

use super::Repeat;
use crate::api::Api;
use crate::catalogue::Retry;
use crate::error::Fault;

/// How often a call is made again where the catalogue says [`Retry::WithPauses`].
const MORE_TRIES: usize = 2;

#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The longest wait for a connection. Default 2 s, and never more than four fifths of
    /// `timeout`, so that a connection that does not come about can be told from an answer that
    /// does not come.
    pub connect_timeout: Duration,
    /// The longest time a call takes in all: waiting for its turn, connecting, asking, asking
    /// again. Default 5 s.
    pub timeout: Duration,
    /// The most requests at once; further ones wait. Default 256, at least 1.
    pub max_concurrency: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            max_concurrency: 256,
        }
    }
}

impl Policy {
    /// When a try can begin at the latest, to have the time to connect before the deadline.
    ///
    /// So a connection that does not come about is never taken for an answer that was lost, and
    /// no code is spent on a request that cannot be answered in time.
    pub(crate) fn latest_start(&self, deadline: Instant) -> Instant {
        let latest = deadline.checked_sub(self.connect_timeout);
        latest.unwrap_or(deadline)
    }

    /// When one try must be done. What may be repeated is given half of the call's time, so that
    /// a try that hangs leaves time for another.
    pub(crate) fn attempt_deadline(&self, repeat: Repeat, deadline: Instant) -> Instant {
        match repeat {
            Repeat::IfCertainlyNotTaken => deadline,
            Repeat::Freely => deadline.min(Instant::now() + self.timeout / 2),
        }
    }

    pub(crate) fn budget(&self, api: Api, repeat: Repeat, deadline: Instant) -> Budget {
        Budget {
            api,
            repeat,
            latest_start: self.latest_start(deadline),
            once: true,
        }
    }
}

/// The pauses before the next tries: 100–200 ms, then 200–400 ms.
pub(crate) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_jitter()
        .with_max_times(MORE_TRIES)
}

#[derive(Debug)]
pub(crate) struct Budget {
    api: Api,
    repeat: Repeat,
    latest_start: Instant,
    /// Whether a call may still be made again where the catalogue says [`Retry::Once`].
    once: bool,
}

impl Budget {
    /// The pause before the next try after `fault`; `None` if there shall be none.
    pub(crate) fn pause(&mut self, fault: &Fault, pause: Duration) -> Option<Duration> {
        match fault.verdict(self.api).retry {
            Retry::WithPauses => {}
            Retry::Once if std::mem::take(&mut self.once) => {}
            Retry::IfItOnlyReads if self.repeat == Repeat::Freely => {}
            _ => return None,
        }
        (Instant::now() + pause < self.latest_start).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    const PAUSE: Duration = Duration::from_millis(100);

    fn budget(repeat: Repeat, seconds: u64) -> Budget {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        Policy::default().budget(Api::Code2Session, repeat, deadline)
    }

    fn not_connected() -> Fault {
        let error = reqwest::Client::builder().user_agent("\n").build();
        Fault::NotConnected(error.unwrap_err())
    }

    fn refused(code: i64) -> Fault {
        Fault::Refused(Refusal::new(code, ""))
    }

    #[test]
    fn a_code_is_sent_again_if_certainly_not_taken_and_what_only_reads_after_any_fault() {
        for (fault, with_code, reading) in [
            (refused(-1), true, true),
            (not_connected(), true, true),
            (Fault::Timeout, false, true),
            (Fault::Status(502), false, true),
            (Fault::Malformed(""), false, true),
            (Fault::Overloaded, false, false),
            (refused(40001), false, false),
            (refused(40003), false, false),
            (refused(40029), false, false),
            (refused(45011), false, false),
            (refused(99999), false, false),
        ] {
            for (repeat, expected) in [
                (Repeat::IfCertainlyNotTaken, with_code),
                (Repeat::Freely, reading),
            ] {
                let pause = budget(repeat, 5).pause(&fault, PAUSE);
                assert_eq!(pause.is_some(), expected, "{fault} {repeat:?}");
            }
        }
    }

    #[test]
    fn a_second_failure_to_connect_is_the_last() {
        let mut budget = budget(Repeat::IfCertainlyNotTaken, 5);
        assert!(budget.pause(&not_connected(), PAUSE).is_some());
        assert!(budget.pause(&not_connected(), PAUSE).is_none());
    }

    #[test]
    fn no_try_begins_that_could_not_even_connect_in_time() {
        let mut budget = budget(Repeat::IfCertainlyNotTaken, 2);
        assert!(budget.pause(&refused(-1), PAUSE).is_none());
    }
}
