//! Port: where the keys that sign tokens are kept.

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::StoreResult;
use crate::audit::AuditEntry;
use crate::named_enum::named_enum;
use crate::time::Duration;

/// Keeps signing keys, sealed.
///
/// A newer key replaces an older one in signing; the older one still verifies what it signed until that
/// is dead, and is forgotten then. All times are the store's own, so that no machine's clock decides
/// which key signs.
///
/// Each key is independent: an adapter MUST skip one that it cannot read, and MUST refuse every call
/// with [`WrongMasterKey`](super::RepositoryError::WrongMasterKey) if the master keys are not those of the store.
#[async_trait]
pub trait SigningKeyRepository: Send + Sync {
    /// All keys that can be read, the newest first.
    async fn all(&self) -> StoreResult<Vec<StoredSigningKey>>;

    /// Stores `key` if no key of its algorithm can be read. Of two replicas that start at once, one
    /// stores its key and both use that one.
    async fn store_first(&self, key: SigningSecret) -> StoreResult<()>;

    /// Stores `key` as the newest, and forgets the keys that have not been in use for `dead_after`,
    /// whose tokens are dead.
    async fn rotate(
        &self,
        key: SigningSecret,
        dead_after: Duration,
        audit: AuditEntry,
    ) -> StoreResult<()>;

    /// Notes that the key is in use now. A new key counts as in use when it is stored.
    async fn note_use(&self, id: Uuid) -> StoreResult<()>;
}

named_enum! {
    /// What access tokens are signed with (RFC 7518, RFC 8037), by its name in JOSE headers.
    #[derive(Default)]
    SigningAlgorithm {
        /// Ed25519.
        #[default]
        EdDsa = "EdDSA",
        /// ECDSA with P-256 and SHA-256.
        Es256 = "ES256",
        /// RSA (2048 bits) with PKCS #1 v1.5 and SHA-256.
        Rs256 = "RS256",
    }
}

/// A key as it is kept: what the real keys are derived from.
#[derive(Clone)]
pub struct SigningSecret {
    /// Its id, of UUID version 7.
    pub id: Uuid,
    pub algorithm: SigningAlgorithm,
    /// 32 random bytes: the Ed25519 key and the key of the refresh tokens come from them.
    pub seed: Zeroizing<[u8; 32]>,
    /// The private key of ES256 and RS256 (PKCS #8, DER); empty for EdDSA.
    pub private_key: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct StoredSigningKey {
    pub secret: SigningSecret,
    /// How long ago it was stored.
    pub age: Duration,
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningSecret({}, {})", self.id, self.algorithm.as_str())
    }
}
