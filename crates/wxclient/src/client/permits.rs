//! How many requests are under way at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How many permits there are at first.
const AT_FIRST: usize = 32;

/// How long a request waits for another one's permit before there is one more.
const PATIENCE: Duration = Duration::from_millis(10);

/// Permits to send a request; each stands for a connection.
///
/// There are few at first. Of a burst of requests most find a connection of another one a few
/// milliseconds later, and a connection that is not made saves a TLS handshake and some 35 kB.
/// Whoever has waited in vain adds a permit, up to the limit: so if WeChat is slow, as many ask it
/// as may.
pub(super) struct Permits {
    semaphore: Semaphore,
    /// How many more there may be.
    more: AtomicUsize,
}

impl Permits {
    /// At most `limit` of them, and at least one.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        let first = limit.min(AT_FIRST);
        Self {
            semaphore: Semaphore::new(first),
            more: AtomicUsize::new(limit - first),
        }
    }

    /// Waits for a permit, which is given back when it is dropped.
    pub(super) async fn acquire(&self) -> SemaphorePermit<'_> {
        if let Ok(permit) = timeout(PATIENCE, self.next()).await {
            return permit;
        }
        let one_less = |more: usize| more.checked_sub(1);
        if self
            .more
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            self.semaphore.add_permits(1);
        }
        self.next().await
    }

    async fn next(&self) -> SemaphorePermit<'_> {
        match self.semaphore.acquire().await {
            Ok(permit) => permit,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_for_the_first_of_it_and_no_longer_than_patience() {
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
        let waited = timeout(Duration::from_secs(60), &mut further).await;
        assert!(waited.is_err(), "there are more than the limit");
        held.pop();
        assert!(further.now_or_never().is_some());
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
