//! Port: where users' pictures are kept.

use async_trait::async_trait;

use super::Cause;

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
