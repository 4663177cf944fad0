//! Circuit breakers: while WeChat is not available, calls fail at once.
//!
//! One for each API, so that trouble with a token or a phone number never stops a login. (Of the
//! published crates, failsafe lets every waiting call through at once when it half-opens, and
//! does not say how long it stays open.)

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::Api;
use crate::error::Fault;

/// How many calls in a row must fail before the breaker opens. Under load that is an instant;
/// with few users, a useless wait affects only them.
const FAILURES: u32 = 20;
/// How long it stays open at first. Each failed probe doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Breaker(Mutex<State>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Calls pass; so many have failed in a row.
    Closed { failures: u32 },
    /// No call passes before `until`.
    Open { until: Instant, pause: Duration },
    /// One call is trying; the others fail until it is back.
    Probing { pause: Duration },
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State::Closed { failures: 0 }))
    }

    /// Lets a call pass, or says how long none will.
    pub(super) fn admit(&self) -> Result<Admission<'_>, Duration> {
        let mut state = self.0.lock();
        let probe = match *state {
            State::Closed { .. } => None,
            State::Open { until, pause } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(whole_seconds(left));
                }
                *state = State::Probing { pause };
                Some(pause)
            }
            State::Probing { .. } => return Err(FIRST_PAUSE),
        };
        drop(state);
        Ok(Admission {
            breaker: self,
            probe,
        })
    }

    /// Whether calls fail at once, but for one that tries.
    pub(super) fn is_open(&self) -> bool {
        !matches!(*self.0.lock(), State::Closed { .. })
    }
}

/// The right to make one call. Dropped without a report (the caller has gone), it frees the way
/// for another probe.
pub(super) struct Admission<'a> {
    breaker: &'a Breaker,
    /// The pause that led to this probe, if the call is one.
    probe: Option<Duration>,
}

impl Admission<'_> {
    pub(super) fn report(mut self, api: Api, fault: Option<&Fault>) {
        let Some(is_away) = fault.map_or(Some(false), |fault| fault.is_away(api)) else {
            return;
        };
        let probe = self.probe.take();
        let mut state = self.breaker.0.lock();
        let next = match (is_away, *state, probe) {
            (false, ..) => State::Closed { failures: 0 },
            (true, _, Some(pause)) => open((pause * 2).min(LONGEST_PAUSE)),
            (true, State::Closed { failures }, None) if failures + 1 >= FAILURES => {
                open(FIRST_PAUSE)
            }
            (true, State::Closed { failures }, None) => State::Closed {
                failures: failures + 1,
            },
            // A straggler from before it opened.
            (true, state, None) => state,
        };
        match (*state, next) {
            (State::Closed { .. }, State::Closed { .. }) => {}
            (_, State::Closed { .. }) => tracing::info!(%api, "WeChat is back"),
            (_, State::Open { pause, .. }) => {
                tracing::warn!(%api, ?pause, "WeChat is away; calls fail at once for a while");
            }
            _ => {}
        }
        *state = next;
    }
}

fn open(pause: Duration) -> State {
    let until = Instant::now() + pause;
    State::Open { until, pause }
}

/// A span of time as a caller is told it: in whole seconds, and at least one.
fn whole_seconds(span: Duration) -> Duration {
    let part = u64::from(span.subsec_nanos() > 0);
    Duration::from_secs((span.as_secs() + part).max(1))
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if let Some(pause) = self.probe {
            let until = Instant::now();
            *self.breaker.0.lock() = State::Open { until, pause };
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::error::Refusal;

    const API: Api = Api::Code2Session;

    fn ends(breaker: &Breaker, fault: Option<&Fault>) {
        breaker.admit().ok().unwrap().report(API, fault);
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new();
        for _ in 0..FAILURES {
            ends(&breaker, Some(&Fault::Timeout));
        }
        breaker
    }

    #[rstest]
    #[case::fault(Fault::Timeout, true)]
    #[case::busy(Fault::Refused(Refusal::new(-1, "")), true)]
    #[case::another_errcode(Fault::Refused(Refusal::new(40029, "")), false)]
    #[case::our_own_crowd(Fault::Overloaded, false)]
    #[tokio::test(start_paused = true)]
    async fn it_opens_when_wechat_is_away_in_a_row_and_says_how_long(
        #[case] fault: Fault,
        #[case] opens: bool,
    ) {
        let breaker = Breaker::new();
        for _ in 0..FAILURES {
            assert!(!breaker.is_open());
            ends(&breaker, Some(&fault));
        }
        let expected = opens.then_some(Duration::from_secs(1));
        assert_eq!(breaker.admit().err(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_between_keeps_it_closed() {
        let breaker = Breaker::new();
        for nth in 0..5 * FAILURES {
            let fault = (nth % FAILURES != 0).then_some(&Fault::Timeout);
            ends(&breaker, fault);
        }
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_pause_one_call_tries_and_the_others_wait() {
        let breaker = opened();
        tokio::time::advance(FIRST_PAUSE).await;
        let probe = breaker.admit().ok().unwrap();
        assert!(breaker.admit().is_err());
        probe.report(API, None);
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn each_failed_probe_doubles_the_pause_up_to_half_a_minute() {
        let breaker = opened();
        for seconds in [2, 4, 8, 16, 30, 30] {
            tokio::time::advance(LONGEST_PAUSE).await;
            ends(&breaker, Some(&Fault::Timeout));
            assert_eq!(breaker.admit().err(), Some(Duration::from_secs(seconds)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_whose_caller_goes_away_lets_the_next_one_try() {
        let breaker = opened();
        tokio::time::advance(FIRST_PAUSE).await;
        drop(breaker.admit().ok().unwrap());
        assert!(breaker.admit().is_ok());
    }
}
