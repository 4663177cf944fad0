//! Port: the pictures without a user.

use async_trait::async_trait;

use super::StoreResult;
use crate::time::Timestamp;

/// Tells which pictures were replaced or left behind by a deleted user, so that their files go.
#[async_trait]
pub trait ReplacedAvatars: Send + Sync {
    /// Puts a picture on the list that is about to be stored. As soon as a user has it, it is taken off,
    /// in the same transaction.
    async fn announce(&self, url: &str, due_at: Timestamp) -> StoreResult<()>;

    /// At most `limit` of those that are due, the oldest first: announced ones from their `due_at` on, all
    /// others at once. URLs that are not of our store are among them.
    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<ReplacedAvatar>>;

    /// Takes one off the list, once its file is gone. Two replicas may do so at the same time.
    async fn forget(&self, id: i64) -> StoreResult<()>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedAvatar {
    pub id: i64,
    pub url: String,
}
