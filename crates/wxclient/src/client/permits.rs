//! How many requests are under way at once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How many permits there are at first.
const AT_FIRST: usize = 32;

/// A WeChat that answers sooner is near: with the permits there are at first it answers more requests
/// (16 000 a second) than one sends.
const NEAR: Duration = Duration::from_millis(2);

/// How long one waits for another one's permit if WeChat is near: longer than such a WeChat takes,
/// whatever the load.
const PATIENCE: Duration = Duration::from_millis(20);

/// Permits to send a request; each stands for a connection, and some 30 kB.
///
/// How many are of use depends on how far WeChat is. If it is near, requests that wait for it wait
/// for a processor, of which more connections make no more; so they share a few. Otherwise nobody
/// waits for a permit below the limit.
pub(super) struct Permits {
    semaphore: Semaphore,
    /// How many more there may be.
    more: AtomicUsize,
    /// About what the quickest of the latest answers took, µs.
    quickest: AtomicU64,
}

impl Permits {
    /// At most `limit` of them, and at least one.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        let first = limit.min(AT_FIRST);
        Self {
            semaphore: Semaphore::new(first),
            more: AtomicUsize::new(limit - first),
            quickest: AtomicU64::new(0),
        }
    }

    /// Waits for a permit, which is given back when it is dropped.
    pub(super) async fn acquire(&self) -> SemaphorePermit<'_> {
        if let Ok(permit) = self.semaphore.try_acquire() {
            return permit;
        }
        if self.is_near()
            && let Ok(permit) = timeout(PATIENCE, self.next()).await
        {
            return permit;
        }
        self.add();
        self.next().await
    }

    /// WeChat took so long for an answer. The quickest one is forgotten over some thousand.
    pub(super) fn answered_after(&self, span: Duration) {
        let span = micros(span);
        let quickest = self.quickest.load(Ordering::Relaxed);
        let quickest = span.min(quickest + quickest / 512 + 1);
        self.quickest.store(quickest, Ordering::Relaxed);
    }

    fn is_near(&self) -> bool {
        self.quickest.load(Ordering::Relaxed) < micros(NEAR)
    }

    /// Adds a permit if the limit allows it.
    fn add(&self) {
        let one_less = |more: usize| more.checked_sub(1);
        let relaxed = Ordering::Relaxed;
        if self.more.fetch_update(relaxed, relaxed, one_less).is_ok() {
            self.semaphore.add_permits(1);
        }
    }

    async fn next(&self) -> SemaphorePermit<'_> {
        match self.semaphore.acquire().await {
            Ok(permit) => permit,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_shares_what_there_is_while_wechat_is_near() {
        let permits = Permits::new(AT_FIRST + 1);
        let mut held = Vec::new();
        for _ in 0..AT_FIRST {
            held.push(permits.acquire().now_or_never().unwrap());
        }
        let begun = Instant::now();
        held.push(permits.acquire().await);
        assert_eq!(begun.elapsed(), PATIENCE);

        let further = permits.acquire();
        tokio::pin!(further);
        let waited = timeout(Duration::from_mins(1), &mut further).await;
        assert!(waited.is_err(), "there are more than the limit");
        held.pop();
        assert!(further.now_or_never().is_some());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_wechat_that_is_far() {
        let permits = Permits::new(AT_FIRST + 1);
        for _ in 0..2_000 {
            permits.answered_after(NEAR);
        }
        let mut held = Vec::new();
        for _ in 0..=AT_FIRST {
            held.push(permits.acquire().now_or_never().unwrap());
        }
        assert!(permits.acquire().now_or_never().is_none());
    }

    #[test]
    fn one_quick_answer_shows_that_wechat_is_near_and_is_forgotten() {
        let permits = Permits::new(1);
        for _ in 0..2_000 {
            permits.answered_after(NEAR);
        }
        assert!(!permits.is_near());
        permits.answered_after(NEAR / 2);
        assert!(permits.is_near());
        for _ in 0..1_000 {
            permits.answered_after(NEAR);
        }
        assert!(!permits.is_near());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_added_stays() {
        let permits = Permits::new(AT_FIRST + 1);
        for _ in 0..2 {
            let mut held = Vec::new();
            for _ in 0..=AT_FIRST {
                held.push(permits.acquire().await);
            }
        }
        let begun = Instant::now();
        let mut held = Vec::new();
        for _ in 0..=AT_FIRST {
            held.push(permits.acquire().await);
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn there_is_always_one() {
        let permits = Permits::new(0);
        let held = permits.acquire().now_or_never();
        assert!(held.is_some());
        assert!(permits.acquire().now_or_never().is_none());
    }
}
