//! Ports: time and ids.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreResult;
use crate::time::{Duration, Timestamp};

/// Tells the time, lets it pass, and makes ids, so that a test can do all three its own way.
///
/// An adapter MUST give timestamps in whole microseconds
/// ([`to_microseconds`](crate::time::to_microseconds)) and ids of UUID version 7 that never
/// repeat.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    fn new_id(&self) -> Uuid;

    async fn wait(&self, span: Duration);
}

/// Tells the time that all replicas of the service have in common.
#[async_trait]
pub trait StoreClock: Send + Sync {
    /// The present instant by the store's clock. `None` if the store has no clock but the one of
    /// the machine that the service runs on.
    async fn now(&self) -> StoreResult<Option<Timestamp>>;
}
