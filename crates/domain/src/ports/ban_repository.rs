//! Port: bans that outlive the account.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreResult;
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::ban::Ban;

/// Lists and lifts bans.
///
/// [`AccountRepository`](super::AccountRepository) makes them, when a disabled user is deleted or
/// an identity of theirs is, and removes them when it enables the user;
/// [`UserRepository::record_visit`](super::UserRepository::record_visit) obeys them.
#[async_trait]
pub trait BanRepository: Send + Sync {
    /// The bans, by ascending id, from after `page.after`.
    async fn list(&self, page: Page<Uuid>) -> StoreResult<Vec<Ban>>;

    /// Removes a ban in one atomic step with its audit entry, which gets the ban's user. `false`
    /// if there is no such ban.
    async fn lift(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool>;
}
