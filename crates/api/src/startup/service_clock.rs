//! The service's clock: the database's, continued between two readings of it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use domain::ports::{Clock, RepositoryError, StoreClock};
use domain::time::{Duration, Timestamp};
use uuid::{NoContext, Uuid};

use crate::machine_time::{Instants, MachineTime, millis};

/// How often the database's clock is read. A step of it is followed within this time.
const EVERY: Duration = Duration::from_secs(5);

/// How often it is looked whether a reading is due.
const TICK: Duration = Duration::from_millis(500);

/// A difference of two readings that is not corrected, besides the time that they take: clocks that
/// NTP keeps differ by less, and small corrections would only make the time go back.
const JITTER: Duration = Duration::from_millis(50);

/// By how much the machine's two clocks must disagree on the time since the last reading, to say that
/// the machine was paused or that its clock was set.
const JUMP: Duration = Duration::from_secs(1);

/// How far the machine's clock may be from the database's before one of them must be corrected.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(5);

/// Says that the database's clock has not been read.
const UNREAD: i64 = i64::MIN;

/// A [`Clock`] that all replicas have in common: whether a session lives, and what is removed, is
/// decided by the database's time, so that a machine whose clock is wrong does no harm. Until the
/// database answers for the first time, and on SQLite, it is the machine's clock.
///
/// Between two readings it adds the [elapsed time](MachineTime::elapsed), so that setting the machine's
/// clock does not move it, and suspending the machine does not hold it up.
pub(crate) struct ServiceClock {
    time: MachineTime,
    store: Arc<dyn StoreClock>,
    /// The database's time when `time` began to count, microseconds since 1970, or [`UNREAD`].
    at_start: AtomicI64,
    /// Whether the two clocks differed by more than [`TOLERANCE`] at the last reading.
    is_apart: AtomicBool,
}

impl ServiceClock {
    /// A clock that has not read the store's yet.
    pub(crate) fn new(machine: Arc<dyn Clock>, store: Arc<dyn StoreClock>) -> Self {
        Self {
            time: MachineTime::new(machine),
            store,
            at_start: AtomicI64::new(UNREAD),
            is_apart: AtomicBool::new(false),
        }
    }

    pub(crate) async fn read(&self) -> Result<(), RepositoryError> {
        let asked = self.time.elapsed();
        let Some(theirs) = self.store.now().await? else {
            return Ok(());
        };
        let took = self.time.elapsed().saturating_sub(asked);
        self.compare(theirs);
        // It was read at some time between the question and the answer.
        let at_start = theirs.as_microsecond() - microseconds(asked + took / 2);
        let known = self.at_start.load(Ordering::Relaxed);
        if known == UNREAD
            || known.abs_diff(at_start) > microseconds(took / 2 + JITTER).unsigned_abs()
        {
            self.at_start.store(at_start, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Reads the store's clock again and again, until `clock` is dropped.
    pub(crate) async fn keep(clock: Weak<Self>) {
        let mut last = None;
        while let Some(clock) = clock.upgrade() {
            let now = clock.time.now();
            if clock.is_reading_due(last, now) {
                last = Some(now);
                if let Err(error) = clock.read().await {
                    tracing::debug!(%error, "the database's clock could not be read");
                }
            }
            let wall = Arc::clone(&clock.time.wall);
            drop(clock);
            wall.wait(TICK).await;
        }
    }

    /// Whether the store's clock, which was last read at `last`, should be read at `now`.
    fn is_reading_due(&self, last: Option<Instants>, now: Instants) -> bool {
        let Some(last) = last else { return true };
        let elapsed = now.elapsed.saturating_sub(last.elapsed);
        let by_wall = now.wall.saturating_sub(last.wall);
        let apart = by_wall.saturating_sub_unsigned(elapsed).unsigned_abs();
        let is_unread = self.at_start.load(Ordering::Relaxed) == UNREAD;
        is_unread || elapsed >= millis(EVERY) || apart > millis(JUMP)
    }

    /// Says in the log when the machine's clock is wrong, and when it is right again.
    fn compare(&self, theirs: Timestamp) {
        let told = disagreement(self.time.wall.now(), theirs);
        let is_apart = told.is_some();
        if self.is_apart.swap(is_apart, Ordering::Relaxed) == is_apart {
            return;
        }
        if let Some(told) = told {
            tracing::error!("{told}");
        } else {
            tracing::info!("this machine's clock agrees with the database's again");
        }
    }
}

/// What is wrong with this machine's clock, which shows `ours`, and what to do; `None` if it agrees with
/// the database's well enough.
pub(crate) fn disagreement(ours: Timestamp, theirs: Timestamp) -> Option<String> {
    apart(ours, theirs).map(|apart| {
        format!(
            "this machine's clock is {apart} the database's; the service uses the database's. Set the \
             wrong one and keep both right with NTP (chrony, systemd-timesyncd)"
        )
    })
}

fn apart(ours: Timestamp, theirs: Timestamp) -> Option<String> {
    let ahead = ours.duration_since(theirs);
    let relation = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    (ahead.unsigned_abs() > TOLERANCE)
        .then(|| format!("{} s {relation}", ahead.unsigned_abs().as_secs()))
}

fn microseconds(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Clock for ServiceClock {
    fn now(&self) -> Timestamp {
        match self.at_start.load(Ordering::Relaxed) {
            UNREAD => self.time.wall.now(),
            at_start => {
                let now = at_start.saturating_add(microseconds(self.time.elapsed()));
                Timestamp::from_microsecond(now).unwrap_or(Timestamp::MAX)
            }
        }
    }

    fn new_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = now.subsec_nanosecond().unsigned_abs();
        Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds))
    }

    async fn wait(&self, span: Duration) {
        self.time.wall.wait(span).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::testing::FixedClock;
    use domain::time::{after, before};

    use super::*;

    /// A store whose clock shows what a test says.
    struct Shown(Mutex<Option<Timestamp>>);

    #[async_trait]
    impl StoreClock for Shown {
        async fn now(&self) -> Result<Option<Timestamp>, RepositoryError> {
            Ok(*self.0.lock().unwrap())
        }
    }

    fn clock(shown: Option<Timestamp>) -> (ServiceClock, Arc<FixedClock>, Arc<Shown>) {
        let machine = Arc::new(FixedClock::default());
        let store = Arc::new(Shown(Mutex::new(shown)));
        let clock = ServiceClock::new(machine.clone(), store.clone());
        (clock, machine, store)
    }

    fn distance(one: Timestamp, other: Timestamp) -> Duration {
        one.duration_since(other).unsigned_abs()
    }

    const DAYS: Duration = Duration::from_hours(40 * 24);

    #[tokio::test]
    async fn the_time_is_the_stores_once_that_is_known() {
        let (clock, machine, store) = clock(None);
        clock.read().await.unwrap();
        assert_eq!(clock.now(), machine.now());

        let theirs = before(machine.now(), DAYS);
        *store.0.lock().unwrap() = Some(theirs);
        clock.read().await.unwrap();
        assert!(distance(clock.now(), theirs) < Duration::from_secs(1));
        machine.advance(DAYS);
        assert!(distance(clock.now(), theirs) < Duration::from_secs(1));
        let (seconds, _) = clock.new_id().get_timestamp().unwrap().to_unix();
        assert!(seconds.abs_diff(theirs.as_second().unsigned_abs()) <= 1);
    }

    #[tokio::test]
    async fn a_step_of_the_stores_clock_is_followed_and_jitter_is_not() {
        let (clock, machine, store) = clock(None);
        let theirs = machine.now();
        for (shown, expected) in [
            (theirs, theirs),
            (after(theirs, DAYS), after(theirs, DAYS)),
            (before(theirs, DAYS), before(theirs, DAYS)),
        ] {
            *store.0.lock().unwrap() = Some(shown);
            clock.read().await.unwrap();
            assert!(distance(clock.now(), expected) < Duration::from_secs(1));
        }
        let at_start = clock.at_start.load(Ordering::Relaxed);
        *store.0.lock().unwrap() = Some(after(clock.now(), JITTER / 2));
        clock.read().await.unwrap();
        assert_eq!(clock.at_start.load(Ordering::Relaxed), at_start);
    }

    #[tokio::test]
    async fn a_suspended_machine_does_not_hold_the_time_up() {
        let (clock, machine, store) = clock(None);
        let theirs = machine.now();
        *store.0.lock().unwrap() = Some(theirs);
        clock.read().await.unwrap();
        clock.time.added.store(millis(DAYS), Ordering::SeqCst);
        assert!(distance(clock.now(), after(theirs, DAYS)) < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn the_stores_clock_is_read_every_5_s_and_once_the_machines_clocks_disagree() {
        let (clock, machine, store) = clock(None);
        let at = |elapsed, seconds| {
            Instants::new(elapsed, after(machine.now(), Duration::from_secs(seconds)))
        };
        assert!(clock.is_reading_due(Some(at(0, 0)), at(500, 0)), "unread");
        *store.0.lock().unwrap() = Some(machine.now());
        clock.read().await.unwrap();
        let last = Some(at(10_000, 100));
        for (elapsed, seconds, is_due) in [
            (10_500, 100, false),
            (14_999, 105, false),
            (15_000, 105, true),
            // Paused, set forward, set back, suspended.
            (10_500, 3_700, true),
            (10_500, 102, true),
            (10_500, 98, true),
            (3_610_500, 3_700, true),
        ] {
            let found = clock.is_reading_due(last, at(elapsed, seconds));
            assert_eq!(found, is_due, "{elapsed} {seconds}");
        }
        assert!(clock.is_reading_due(None, at(0, 0)));
    }

    #[test]
    fn clocks_that_are_apart_are_told_and_in_which_direction() {
        let now = FixedClock::default().now();
        assert_eq!(apart(now, now), None);
        assert_eq!(apart(after(now, TOLERANCE), now), None);
        let told = apart(after(now, DAYS), now);
        assert_eq!(told.as_deref(), Some("3456000 s ahead of"));
        let told = apart(before(now, DAYS), now);
        assert_eq!(told.as_deref(), Some("3456000 s behind"));
    }
}
