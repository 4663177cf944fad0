//! Port: the audit log.

use async_trait::async_trait;

use uuid::Uuid;

use super::StoreResult;
use crate::account::Page;
use crate::audit::{AuditEntry, AuditQuery};

/// Keeps and shows what was done. (The entry of a change to an account is written in the same
/// step as the change, by the port that makes it.)
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Keeps `entry`, durably.
    async fn record(&self, entry: AuditEntry) -> StoreResult<()>;

    /// The entries that match all that `query` says, by descending id (the newest first), from
    /// after `page.after`.
    async fn search(&self, query: &AuditQuery, page: Page<Uuid>) -> StoreResult<Vec<AuditEntry>>;
}
