//! Use case: what users do to their own accounts.

use std::net::IpAddr;
use std::sync::Arc;

use super::AccountExport;
use crate::audit::{AuditAction, AuditActor, AuditEntry, Caller};
use crate::avatars::AvatarService;
use crate::ports::{AccountRepository, Clock, RepositoryError};
use crate::profile::ProfileEdit;
use crate::session::SessionAccount;
use crate::user::User;

/// Changes, exports and deletes the account of the user who asks.
pub struct AccountService {
    accounts: Arc<dyn AccountRepository>,
    avatars: Arc<AvatarService>,
    clock: Arc<dyn Clock>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The account was deleted a moment ago.
    #[error("the account is gone")]
    Gone,
    /// The database did not answer.
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl AccountService {
    /// Puts the service together.
    #[must_use]
    pub fn new(
        accounts: Arc<dyn AccountRepository>,
        avatars: Arc<AvatarService>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            accounts,
            avatars,
            clock,
        }
    }

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
        let audit = AuditEntry {
            user_id: Some(who.user.id),
            ..Caller { actor, from }.entry(AuditAction::DeleteUser, &*self.clock)
        };
        // Two concurrent deletions both succeed.
        self.accounts.delete(who.user.id, audit).await?;
        self.avatars.sweep_now().await;
        Ok(())
    }

    /// Everything stored about the user.
    pub async fn export(&self, who: &SessionAccount) -> Result<AccountExport, AccountError> {
        self.accounts
            .export(who.user.id)
            .await?
            .ok_or(AccountError::Gone)
    }
}
