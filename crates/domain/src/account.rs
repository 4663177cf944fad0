//! Accounts, as their owners and the operator see them, and the use case of what users do to their own.

use std::net::IpAddr;
use std::sync::Arc;

use crate::audit::{AuditAction, AuditActor, AuditEntry, Caller};
use crate::avatars::AvatarService;
use crate::id::{OpenId, UnionId, UserId};
use crate::ports::{AccountRepository, Clock, RepositoryError};
use crate::profile::ProfileEdit;
use crate::session::{ListedSession, SessionAccount};
use crate::time::Timestamp;
use crate::user::{Identity, User};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    /// Who they are in each mini program, the oldest first.
    pub identities: Vec<AccountIdentity>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountIdentity {
    pub identity: Identity,
    /// When the user first logged in to this mini program.
    pub created_at: Timestamp,
    pub last_login_at: Timestamp,
}

/// Which accounts are looked for. What is `None` is not asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountQuery {
    pub open_id: Option<OpenId>,
    pub union_id: Option<UnionId>,
    /// With one of these phone numbers, E.164; empty if the number does not matter.
    pub phones: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The last item of the page before; `None` for the first page.
    pub after: Option<T>,
    pub limit: u32,
}

impl<T> Page<T> {
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

/// What a user has withdrawn at WeChat (授权用户资料变更).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    NickName,
    Avatar,
    Phone,
    /// The identity itself, with its sessions.
    Identity,
}

/// The most sessions an export holds: some hundred kilobytes.
pub const EXPORTED_SESSIONS: u32 = 1000;

/// Everything stored about a user, secrets aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountExport {
    pub account: Account,
    /// Their sessions, ended ones included, the newest first; no more than
    /// [`EXPORTED_SESSIONS`].
    pub sessions: Vec<ListedSession>,
    pub audit: Vec<AuditEntry>,
    /// Users they may be one person with, by a unionid.
    pub merge_candidates: Vec<UserId>,
}

pub struct AccountService {
    pub accounts: Arc<dyn AccountRepository>,
    pub avatars: Arc<AvatarService>,
    pub clock: Arc<dyn Clock>,
}

type Result<T> = std::result::Result<T, AccountError>;

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("the account is gone")]
    Gone,
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl AccountService {
    /// Changes what `edit` names, and gives the user as they are then.
    pub async fn edit(&self, who: &SessionAccount, edit: ProfileEdit) -> Result<User> {
        let edited = self.accounts.edit_profile(who.user.id, edit).await?;
        self.avatars.sweep_now().await;
        edited.ok_or(AccountError::Gone)
    }

    /// Deletes the account and everything about the person; their next login is a new user.
    pub async fn delete(&self, who: &SessionAccount, from: Option<IpAddr>) -> Result<()> {
        let actor = AuditActor::User;
        let audit = Caller { actor, from }.entry(AuditAction::DeleteUser, &*self.clock);
        let audit = audit.about(who.user.id);
        // Two concurrent deletions both succeed.
        self.accounts.delete(who.user.id, audit).await?;
        self.avatars.sweep_now().await;
        Ok(())
    }

    pub async fn export(&self, who: &SessionAccount) -> Result<AccountExport> {
        let export = self.accounts.export(who.user.id).await?;
        export.ok_or(AccountError::Gone)
    }
}
