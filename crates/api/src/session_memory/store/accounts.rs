//! What users and the operator do to accounts.

use async_trait::async_trait;
use domain::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{AccountRepository, RepositoryError};
use domain::profile::ProfileEdit;
use domain::secret::SessionKey;
use domain::time::Timestamp;
use domain::user::User;

use super::Remembering;

#[async_trait]
impl AccountRepository for Remembering<dyn AccountRepository> {
    async fn find(&self, id: UserId) -> Result<Option<Account>, RepositoryError> {
        self.plain().find(id).await
    }

    async fn search(
        &self,
        query: &AccountQuery,
        page: Page<UserId>,
    ) -> Result<Vec<Account>, RepositoryError> {
        self.plain().search(query, page).await
    }

    async fn session_keys(
        &self,
        app: &AppId,
        open_id: &OpenId,
    ) -> Result<Vec<SessionKey>, RepositoryError> {
        self.plain().session_keys(app, open_id).await
    }

    async fn edit_profile(
        &self,
        id: UserId,
        edit: ProfileEdit,
    ) -> Result<Option<User>, RepositoryError> {
        self.changing_user(id, |store| store.edit_profile(id, edit))
            .await
    }

    async fn set_phone(&self, id: UserId, phone: &str) -> Result<Option<User>, RepositoryError> {
        let phone = phone.to_owned();
        self.changing_user(id, |store| async move { store.set_phone(id, &phone).await })
            .await
    }

    async fn set_disabled(
        &self,
        id: UserId,
        disabled_at: Option<Timestamp>,
        audit: AuditEntry,
    ) -> Result<Option<Account>, RepositoryError> {
        self.changing_user(id, |store| store.set_disabled(id, disabled_at, audit))
            .await
    }

    async fn end_sessions(
        &self,
        id: UserId,
        at: Timestamp,
        audit: AuditEntry,
    ) -> Result<Option<usize>, RepositoryError> {
        self.changing_user(id, |store| store.end_sessions(id, at, audit))
            .await
    }

    async fn delete(&self, id: UserId, audit: AuditEntry) -> Result<bool, RepositoryError> {
        self.changing_user(id, |store| store.delete(id, audit))
            .await
    }

    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> Result<bool, RepositoryError> {
        self.changing(|store| store.withdraw(app, open_id, withdrawn, audit))
            .await
    }

    async fn export(&self, id: UserId) -> Result<Option<AccountExport>, RepositoryError> {
        self.plain().export(id).await
    }
}
