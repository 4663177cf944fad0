//! Merges, which change two users.

use async_trait::async_trait;
use domain::account::Page;
use domain::audit::AuditEntry;
use domain::ports::{MergeCandidate, MergeOutcome, MergeRepository, RepositoryError};
use domain::time::Timestamp;
use uuid::Uuid;

use super::Remembering;

#[async_trait]
impl MergeRepository for Remembering<dyn MergeRepository> {
    async fn open_candidates(
        &self,
        page: Page<Uuid>,
    ) -> Result<Vec<MergeCandidate>, RepositoryError> {
        self.plain().open_candidates(page).await
    }

    async fn apply(
        &self,
        id: Uuid,
        at: Timestamp,
        audit: AuditEntry,
    ) -> Result<MergeOutcome, RepositoryError> {
        self.changing(|store| store.apply(id, at, audit)).await
    }

    async fn dismiss(
        &self,
        id: Uuid,
        at: Timestamp,
        audit: AuditEntry,
    ) -> Result<bool, RepositoryError> {
        self.plain().dismiss(id, at, audit).await
    }
}
