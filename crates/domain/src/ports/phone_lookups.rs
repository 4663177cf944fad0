//! Port: how often users' phone numbers were looked up.

use async_trait::async_trait;

use super::StoreResult;
use crate::id::UserId;

/// Counts the lookups of phone numbers, each of which may cost the app money.
#[async_trait]
pub trait PhoneLookups: Send + Sync {
    /// Counts a lookup of `user` on `day`, and returns whether it is among the first `at_most`. One more
    /// is not counted.
    ///
    /// - Exact across replicas and restarts, also for lookups at the same moment.
    /// - `day` is any number that grows by one a day. Only the last day is kept.
    /// - A user who is gone is not counted.
    ///
    /// # Errors
    /// [`RepositoryError`](super::RepositoryError). The lookup may have been counted.
    async fn count(&self, user: UserId, day: i32, at_most: u32) -> StoreResult<bool>;

    /// Takes back one lookup of `user` on `day` that gave no number, if that is still the last day.
    async fn uncount(&self, user: UserId, day: i32) -> StoreResult<()>;
}
