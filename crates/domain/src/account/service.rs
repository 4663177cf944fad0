//! Use case: what users do to their own accounts.

use std::net::IpAddr;
use std::sync::Arc;

use super::AccountExport;
use crate::audit::{AuditAction, AuditActor, Caller};
use crate::avatars::AvatarService;
use crate::ports::{AccountRepository, Clock, RepositoryError};
use crate::profile::ProfileEdit;
use crate::session::SessionAccount;
use crate::user::User;

pub struct AccountService {
    pub accounts: Arc<dyn AccountRepository>,
    pub avatars: Arc<AvatarService>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("the account is gone")]
    Gone,
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl AccountService {
    /// Changes what `edit` names, and gives the user as they are then.
    pub async fn edit(
        &self,
        who: &SessionAccount,
        edit: ProfileEdit,
    ) -> Result<User, AccountError> {
        let edited = self.accounts.edit_profile(who.user.id, edit).await?;
        self.avatars.sweep_now().await;
        edited.ok_or(AccountError::Gone)
    }

    /// Deletes the account and everything about the person; their next login is a new user.
    pub async fn delete(
        &self,
        who: &SessionAccount,
        from: Option<IpAddr>,
    ) -> Result<(), AccountError> {
        let actor = AuditActor::User;
        let audit = Caller { actor, from }.entry(AuditAction::DeleteUser, &*self.clock);
        let audit = audit.about(who.user.id);
        // Two concurrent deletions both succeed.
        self.accounts.delete(who.user.id, audit).await?;
        self.avatars.sweep_now().await;
        Ok(())
    }

    pub async fn export(&self, who: &SessionAccount) -> Result<AccountExport, AccountError> {
        let export = self.accounts.export(who.user.id).await?;
        export.ok_or(AccountError::Gone)
    }
}
