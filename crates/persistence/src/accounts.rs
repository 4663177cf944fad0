//! Accounts: finding, changing and deleting them.

mod change;
mod find;
mod remove;
mod union_ids;

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{AccountRepository, StoreResult};
use domain::profile::ProfileEdit;
use domain::secret::SessionKey;
use domain::time::Timestamp;
use domain::user::User;

use crate::database::Database;
use crate::strays;
use remove::Removed;

impl Database {
    /// Has the sessions removed that are left, if something was removed. Gives whether it was.
    fn finish(&self, removed: Option<Removed>) -> bool {
        if let Some(removed) = removed.filter(|removed| removed.has_strays) {
            strays::remove_others(&self.pool, removed.user);
        }
        removed.is_some()
    }
}

#[async_trait]
impl AccountRepository for Database {
    async fn find(&self, id: UserId) -> StoreResult<Option<Account>> {
        self.call(move |connection| find::find(connection, id))
            .await
    }

    async fn search(&self, query: &AccountQuery, page: Page<UserId>) -> StoreResult<Vec<Account>> {
        let query = query.clone();
        self.call(move |connection| find::search(connection, &query, page))
            .await
    }

    async fn session_keys(&self, app: &AppId, open_id: &OpenId) -> StoreResult<Vec<SessionKey>> {
        let (key_app, key_user) = (app.clone(), open_id.clone());
        let row = self.call(move |one| find::session_keys(one, &key_app, &key_user));
        let row = row.await?.unwrap_or_default();
        Ok(self.vaults.session_keys.open_all(app, open_id, &row)?)
    }

    async fn edit_profile(&self, id: UserId, edit: ProfileEdit) -> StoreResult<Option<User>> {
        self.transact(move |connection| change::edit_profile(connection, id, &edit))
            .await
    }

    async fn set_phone(&self, id: UserId, phone: &str) -> StoreResult<Option<User>> {
        let phone = phone.to_owned();
        self.transact(move |connection| change::set_phone(connection, id, &phone))
            .await
    }

    async fn set_disabled(
        &self,
        id: UserId,
        disabled_at: Option<Timestamp>,
        audit: AuditEntry,
    ) -> StoreResult<Option<Account>> {
        self.transact(move |connection| change::set_disabled(connection, id, disabled_at, &audit))
            .await
    }

    async fn end_sessions(
        &self,
        id: UserId,
        at: Timestamp,
        audit: AuditEntry,
    ) -> StoreResult<Option<usize>> {
        self.transact(move |connection| change::end_sessions(connection, id, at, &audit))
            .await
    }

    async fn delete(&self, id: UserId, audit: AuditEntry) -> StoreResult<bool> {
        let keys = Arc::clone(&self.vaults.stored_keys);
        let deleted =
            self.transact(move |connection| remove::delete(connection, &keys, id, &audit));
        Ok(self.finish(deleted.await?))
    }

    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> StoreResult<bool> {
        let (app, open_id) = (app.clone(), open_id.clone());
        let withdrawn = withdrawn.to_vec();
        let keys = Arc::clone(&self.vaults.stored_keys);
        let removed = self.transact(move |connection| {
            remove::withdraw(connection, &keys, &app, &open_id, &withdrawn, &audit)
        });
        Ok(self.finish(removed.await?))
    }

    async fn export(&self, id: UserId) -> StoreResult<Option<AccountExport>> {
        self.transact(move |connection| find::export(connection, id))
            .await
    }
}
