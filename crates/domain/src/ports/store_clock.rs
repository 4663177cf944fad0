//! Port: the clock of the store.

use async_trait::async_trait;

use super::StoreResult;
use crate::time::Timestamp;

/// Tells the time that all replicas of the service have in common.
#[async_trait]
pub trait StoreClock: Send + Sync {
    /// The present instant by the store's clock. `None` if the store has no clock but the one of
    /// the machine that the service runs on.
    async fn now(&self) -> StoreResult<Option<Timestamp>>;
}
