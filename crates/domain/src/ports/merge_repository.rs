//! Port: users who seem to be one person.

use async_trait::async_trait;
use uuid::Uuid;

use super::RepositoryError;
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::id::{UnionId, UserId};
use crate::time::Timestamp;

/// Keeps the merge candidates that logins have found, and does what the operator decides.
#[async_trait]
pub trait MergeRepository: Send + Sync {
    /// The candidates nobody has decided on, by ascending id, from after `page.after`.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn open_candidates(
        &self,
        page: Page<Uuid>,
    ) -> Result<Vec<MergeCandidate>, RepositoryError>;

    /// Makes the two users one, in one atomic step: the identities of `user_id` go to
    /// `union_user_id`, who keeps what they have and takes over what they lack (profile fields,
    /// phone); the sessions of `user_id` end; `user_id` is gone. `None` if there is no such open
    /// candidate, else the user who remains.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn apply(
        &self,
        id: Uuid,
        at: Timestamp,
        audit: AuditEntry,
    ) -> Result<Option<UserId>, RepositoryError>;

    /// Decides that the two users are two. `false` if there is no such open candidate.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn dismiss(
        &self,
        id: Uuid,
        at: Timestamp,
        audit: AuditEntry,
    ) -> Result<bool, RepositoryError>;
}

/// Two users who are one person by a unionid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeCandidate {
    /// Its id.
    pub id: Uuid,
    /// The unionid both have shown.
    pub union_id: UnionId,
    /// The user whose login showed it later.
    pub user_id: UserId,
    /// The user who has had it before.
    pub union_user_id: UserId,
    /// When it was found.
    pub created_at: Timestamp,
}
