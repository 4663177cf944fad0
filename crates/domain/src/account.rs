//! Accounts, as their owners and the operator see them.

mod service;

pub use service::{AccountError, AccountService};

use crate::audit::AuditEntry;
use crate::id::{OpenId, UnionId, UserId};
use crate::session::ListedSession;
use crate::time::Timestamp;
use crate::user::{Identity, User};

/// A user with all their identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    /// Who they are in each mini program, the oldest first.
    pub identities: Vec<AccountIdentity>,
}

/// An identity and its history.
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

/// A page of a list.
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
