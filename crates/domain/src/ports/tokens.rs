//! Ports: the format of our tokens, and where the keys that sign them are kept.

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::{Cause, StoreResult};
use crate::audit::AuditEntry;
use crate::id::{AppId, SessionId, UserId};
use crate::named_enum::named_enum;
use crate::secret::{AccessToken, RefreshToken};
use crate::session::Generation;
use crate::time::{Duration, Timestamp};

/// Issues tokens and reads back its own.
///
/// An adapter MUST make tokens that cannot be forged, MUST make a new access token at every call,
/// and MUST refuse every token it did not make.
pub trait TokenIssuer: Send + Sync {
    /// Whether tokens can be issued now: asked before a code is spent that could not be answered with
    /// any.
    fn can_issue(&self) -> Result<(), TokenIssueError>;

    /// Makes the pair of tokens of one generation of a session.
    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError>;

    /// Reads an access token. This happens at every request, so an adapter SHOULD remember what
    /// it has verified.
    fn read_access(&self, token: &AccessToken, now: Timestamp) -> TokenResult<SessionGrant>;

    fn read_refresh(&self, token: &RefreshToken, now: Timestamp) -> TokenResult<SessionGrant>;
}

/// What a token is issued for: who, in which session, of which generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// The app the user logged in to.
    pub app_id: AppId,
    pub generation: Generation,
}

/// What is read from a token; all else is known to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGrant {
    pub session_id: SessionId,
    pub generation: Generation,
}

/// An access token, and the refresh token that is exchanged for the next pair.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access: AccessToken,
    pub access_ttl: Duration,
    pub refresh: RefreshToken,
    pub refresh_ttl: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenIssueError {
    /// The keys have not been read from the database yet, or the master key does not open them: again
    /// later.
    #[error("there is no key to sign with")]
    NoKey,
    #[error("the token could not be signed")]
    Failed(#[source] Cause),
}

pub type TokenResult<T> = Result<T, TokenError>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of this service's")]
    Invalid,
    #[error("the token has expired")]
    Expired,
    /// The keys have not been read from the database yet: again later.
    #[error("there is no key to verify with yet")]
    NoKey,
}

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
    pub age: Duration,
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningSecret({}, {})", self.id, self.algorithm.as_str())
    }
}
