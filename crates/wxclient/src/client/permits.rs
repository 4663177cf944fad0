//! How many requests are under way at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How many requests share a WeChat that is near.
const FEW: usize = 32;

/// A WeChat that answers sooner is near: asked by a few at a time it answers more requests (16 000 a
/// second) than one sends.
const NEAR: Duration = Duration::from_millis(2);

/// How long one waits to be among the few: longer than a WeChat that is near takes, whatever the load.
/// (Who starts amid a storm of logins with a WeChat that is far waits so long, once.)
const PATIENCE: Duration = Duration::from_millis(50);

/// Permits to send a request; each stands for a connection, and some 30 kB.
///
/// How many are of use depends on how far WeChat is. If it is near, requests that wait for it wait
/// for a processor, of which more connections make no more; so they go a few at a time. Otherwise
/// nobody waits below the limit.
pub(super) struct Permits {
    all: Semaphore,
    few: Semaphore,
    /// About what the quickest of the latest answers took, µs.
    quickest: AtomicU64,
}

/// A permit, which is given back when it is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "they are held, and nothing else")]
pub(super) struct Permit<'a> {
    of_all: SemaphorePermit<'a>,
    /// None for one who has not waited any longer, or did not need to.
    of_few: Option<SemaphorePermit<'a>>,
}

impl Permits {
    /// At most `limit` of them, which a semaphore must be able to count.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            all: Semaphore::new(limit),
            few: Semaphore::new(FEW),
            quickest: AtomicU64::new(0),
        }
    }

    /// Waits for a permit.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        let of_all = next(&self.all).await;
        let of_few = match self.few.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) if self.is_near() => timeout(PATIENCE, next(&self.few)).await.ok(),
            Err(_) => None,
        };
        Permit { of_all, of_few }
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
}

async fn next(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    match semaphore.acquire().await {
        Ok(permit) => permit,
        // Nobody closes it.
        Err(_) => std::future::pending().await,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::*;

    fn far(limit: usize) -> Permits {
        let permits = Permits::new(limit);
        for _ in 0..2_000 {
            permits.answered_after(NEAR);
        }
        permits
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_a_few_at_a_time_while_wechat_is_near() {
        let permits = Permits::new(256);
        let begun = Instant::now();
        let held = join_all((0..FEW).map(|_| permits.acquire())).await;
        let further = permits.acquire();
        tokio::pin!(further);
        assert!(further.as_mut().now_or_never().is_none());
        drop(held);
        assert!(further.now_or_never().is_some());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_below_the_limit_for_longer_than_patience() {
        let permits = Permits::new(256);
        let begun = Instant::now();
        let held = join_all((0..256).map(|_| permits.acquire())).await;
        assert_eq!((held.len(), begun.elapsed()), (256, PATIENCE));
    }

    #[tokio::test]
    async fn nobody_waits_below_the_limit_for_a_wechat_that_is_far() {
        let permits = far(FEW + 1);
        let held: Vec<_> = (0..=FEW)
            .map(|_| permits.acquire().now_or_never().unwrap())
            .collect();
        assert!(permits.acquire().now_or_never().is_none());
        drop(held);
        assert!(permits.acquire().now_or_never().is_some());
    }

    #[test]
    fn one_quick_answer_shows_that_wechat_is_near_and_is_forgotten() {
        let permits = far(1);
        assert!(!permits.is_near());
        permits.answered_after(NEAR / 2);
        assert!(permits.is_near());
        for _ in 0..1_000 {
            permits.answered_after(NEAR);
        }
        assert!(!permits.is_near());
    }
}
