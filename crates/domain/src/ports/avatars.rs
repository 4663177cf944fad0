//! Ports: where users' pictures are kept, and which of them are without a user.

use async_trait::async_trait;

use super::{Cause, StoreResult};
use crate::time::Timestamp;

#[async_trait]
pub trait AvatarStore: Send + Sync {
    /// Re-encodes the picture without metadata, and chooses a name that cannot be guessed. Stores nothing.
    async fn clean(&self, uploaded: Vec<u8>) -> Result<CleanAvatar, AvatarError>;

    /// Stores a picture that this store has cleaned. It is stored when this returns.
    async fn store(&self, picture: CleanAvatar) -> Result<(), AvatarError>;

    /// Removes the picture behind a URL that this store gave. A picture that is gone and any other
    /// URL are left alone.
    async fn remove(&self, url: &str) -> Result<(), AvatarError>;

    /// Whether a URL is of a picture in this store.
    async fn owns(&self, url: &str) -> Result<bool, AvatarError>;

    /// The picture of this name, the last part of its URL.
    async fn read(&self, name: &str) -> Result<Option<StoredAvatar>, AvatarError>;
}

#[derive(Clone, Debug)]
pub struct CleanAvatar {
    /// The public URL under which it will be.
    pub url: String,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct StoredAvatar {
    pub bytes: Vec<u8>,
    pub content_type: &'static str,
    /// How long a cache may keep it, as the value of `Cache-Control`.
    pub cache_control: &'static str,
}

#[derive(Debug, thiserror::Error)]
pub enum AvatarError {
    #[error("not a whole PNG, JPEG or WebP picture")]
    NotAPicture,
    #[error("the picture has more pixels than are accepted")]
    TooManyPixels,
    #[error("the store of avatars cannot be used")]
    Unavailable(#[source] Cause),
}

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
