//! Port: the pictures that no user has any more.

use async_trait::async_trait;

use super::RepositoryError;

/// Tells which pictures were replaced or left behind by a deleted user, so that their files go.
#[async_trait]
pub trait ReplacedAvatars: Send + Sync {
    /// At most `limit` of them, the oldest first. URLs that are not of our store are among them.
    async fn oldest(&self, limit: u32) -> Result<Vec<ReplacedAvatar>, RepositoryError>;

    /// Takes one off the list, once its file is gone. Two replicas may do so at the same time.
    async fn forget(&self, id: i64) -> Result<(), RepositoryError>;
}

/// A picture that no user has any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedAvatar {
    /// Names the entry.
    pub id: i64,
    /// Where the picture was.
    pub url: String,
}
