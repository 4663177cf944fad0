//! Port: where the keys that sign tokens are kept.

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::RepositoryError;
use crate::audit::AuditEntry;
use crate::time::Timestamp;

/// Keeps signing keys, sealed.
///
/// The newest key signs. An older one still verifies what it signed until that is dead, and is
/// forgotten then.
#[async_trait]
pub trait SigningKeyRepository: Send + Sync {
    /// All keys, the newest first.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn all(&self) -> Result<Vec<StoredSigningKey>, RepositoryError>;

    /// Stores `key` if there is no key at all. Of two replicas that start at once, one stores
    /// its key and both use that one.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn store_first(&self, key: StoredSigningKey) -> Result<(), RepositoryError>;

    /// Stores `key` as the newest, and forgets the keys that were replaced at or before
    /// `dead_since`, whose tokens are dead.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn rotate(
        &self,
        key: StoredSigningKey,
        dead_since: Timestamp,
        audit: AuditEntry,
    ) -> Result<(), RepositoryError>;
}

/// A key as it is kept: what the real keys are derived from.
#[derive(Clone)]
pub struct StoredSigningKey {
    /// Its id, of UUID version 7.
    pub id: Uuid,
    /// 32 random bytes.
    pub seed: Zeroizing<[u8; 32]>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for StoredSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredSigningKey({})", self.id)
    }
}
