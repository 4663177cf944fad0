//! The clock the service goes by: the database's, carried on between two looks at it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use async_trait::async_trait;
use domain::ports::{Clock, RepositoryError, StoreClock};
use domain::time::{Duration, Timestamp};
use uuid::{NoContext, Uuid};

/// How often the database's clock is looked at. A step of it is followed within this time.
const EVERY: Duration = Duration::from_secs(5);

/// How often, before it could be read for the first time.
const EVERY_BEFORE: Duration = Duration::from_millis(500);

/// What two looks may differ by without a correction, besides the time that they take: clocks that
/// NTP keeps differ by less, and small corrections would only make the time go back.
const JITTER: Duration = Duration::from_millis(50);

/// How far the machine's clock may be from the database's before somebody must set one of them.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(5);

/// Says that the database's clock has not been read.
const UNREAD: i64 = i64::MIN;

/// A [`Clock`] that all replicas have in common: whether a session lives, and what is removed, is
/// decided by the database's time, so a machine whose clock is wrong harms nobody. Until the
/// database answers for the first time, and on SQLite, it is the machine's clock.
///
/// Between two looks it counts by the monotonic clock, so that setting the machine's clock does
/// not move it.
pub(crate) struct ServiceClock {
    machine: Arc<dyn Clock>,
    store: Arc<dyn StoreClock>,
    start: Instant,
    /// The database's time at `start`, microseconds since 1970, or [`UNREAD`].
    at_start: AtomicI64,
    /// Whether the two clocks differed by more than [`TOLERANCE`] at the last look.
    is_apart: AtomicBool,
}

impl ServiceClock {
    /// A clock that has not looked at the store's yet.
    #[must_use]
    pub(crate) fn new(machine: Arc<dyn Clock>, store: Arc<dyn StoreClock>) -> Self {
        Self {
            machine,
            store,
            start: Instant::now(),
            at_start: AtomicI64::new(UNREAD),
            is_apart: AtomicBool::new(false),
        }
    }

    /// Looks at the store's clock once.
    ///
    /// # Errors
    /// [`RepositoryError`].
    pub(crate) async fn read(&self) -> Result<(), RepositoryError> {
        let asked = self.start.elapsed();
        let Some(theirs) = self.store.now().await? else {
            return Ok(());
        };
        let took = self.start.elapsed().saturating_sub(asked);
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

    /// Looks at the store's clock again and again, until `clock` is dropped.
    pub(crate) async fn keep(clock: Weak<Self>) {
        while let Some(clock) = clock.upgrade() {
            if let Err(error) = clock.read().await {
                tracing::debug!(%error, "the database's clock could not be read");
            }
            let is_read = clock.at_start.load(Ordering::Relaxed) != UNREAD;
            let machine = Arc::clone(&clock.machine);
            drop(clock);
            machine
                .wait(if is_read { EVERY } else { EVERY_BEFORE })
                .await;
        }
    }

    /// Says in the log when the machine's clock is wrong, and when it is right again.
    fn compare(&self, theirs: Timestamp) {
        let apart = apart(self.machine.now(), theirs);
        let is_apart = apart.is_some();
        if self.is_apart.swap(is_apart, Ordering::Relaxed) == is_apart {
            return;
        }
        let Some(apart) = apart else {
            tracing::info!("this machine's clock agrees with the database's again");
            return;
        };
        tracing::error!(
            "this machine's clock is {apart} the database's; the service goes by the \
             database's. Set the wrong one and keep both right with NTP (chrony, \
             systemd-timesyncd)"
        );
    }
}

/// How far `ours` is from `theirs`, for people; `None` if they agree well enough.
pub(crate) fn apart(ours: Timestamp, theirs: Timestamp) -> Option<String> {
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
            UNREAD => self.machine.now(),
            at_start => {
                let now = at_start.saturating_add(microseconds(self.start.elapsed()));
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
        self.machine.wait(span).await;
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
