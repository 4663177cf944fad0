//! Port: the audit log, for what changes nothing else.

use async_trait::async_trait;

use super::RepositoryError;
use crate::audit::AuditEntry;

/// Keeps what was done. (What also changes an account is kept in the same step as the change,
/// by the port that makes it.)
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Keeps `entry`, durably.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn record(&self, entry: AuditEntry) -> Result<(), RepositoryError>;
}
