//! Port: what users and the operator do to accounts.

use async_trait::async_trait;

use super::StoreResult;
use crate::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use crate::audit::AuditEntry;
use crate::id::{AppId, OpenId, UserId};
use crate::profile::ProfileEdit;
use crate::secret::SessionKey;
use crate::user::User;

/// Finds, changes and deletes accounts.
///
/// A change happens at the time of its audit entry.
/// An adapter MUST make each call one atomic, durable step, its audit entry included, and MUST
/// announce every change of a user to the [`ChangeFeed`](super::ChangeFeed). A change that
/// races with a login of the same user MUST NOT be lost.
#[async_trait]
pub trait AccountRepository: Send + Sync {
    async fn find(&self, id: UserId) -> StoreResult<Option<Account>>;

    /// The accounts that match all that `query` says, by ascending user id, from after
    /// `page.after`.
    async fn search(&self, query: &AccountQuery, page: Page<UserId>) -> StoreResult<Vec<Account>>;

    /// The kept session_keys of an identity, newest first.
    async fn session_keys(&self, app: &AppId, open_id: &OpenId) -> StoreResult<Vec<SessionKey>>;

    /// Changes what `edit` names, and clears what it takes back. `None` if there is no such user.
    async fn edit_profile(&self, id: UserId, edit: ProfileEdit) -> StoreResult<Option<User>>;

    /// Stores the phone number, in E.164. `None` if there is no such user.
    async fn set_phone(&self, id: UserId, phone: &str) -> StoreResult<Option<User>>;

    /// Shuts a user out, which ends their sessions, or lets them in again, which also lifts the
    /// bans of identities they withdrew meanwhile. Gives the account as it is then; `None` if there
    /// is no such user. A user who is already shut out stays so since when they were.
    async fn set_disabled(
        &self,
        id: UserId,
        is_disabled: bool,
        audit: AuditEntry,
    ) -> StoreResult<Option<Account>>;

    /// Ends all sessions of a user on the operator's word. `None` if there is no such user,
    /// else how many were live.
    async fn end_sessions(&self, id: UserId, audit: AuditEntry) -> StoreResult<Option<usize>>;

    /// Deletes the user with everything about them: identities, session_keys, sessions, unionids,
    /// merge candidates. Older audit entries keep the id, which means nothing any longer.
    /// `false` if there is no such user.
    ///
    /// If the user is disabled, a [`Ban`](crate::ban::Ban) is made in the same step: a visit of
    /// one of their identities, or of a new identity that shows one of their unionids in the
    /// same Open Platform account, is refused from then on.
    ///
    /// A unionid that other users' identities show too goes to one of them, an enabled user
    /// before a disabled one, then whose identity is the oldest; the others become merge
    /// candidates with that user.
    async fn delete(&self, id: UserId, audit: AuditEntry) -> StoreResult<bool>;

    /// Deletes what a user has withdrawn at WeChat in one mini program. The account itself goes
    /// with its last identity. A withdrawn identity leaves a ban and its unionid as
    /// [`delete`](Self::delete) does. A call whose audit entry is there already changes nothing.
    /// `false` if there is no such identity.
    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> StoreResult<bool>;

    /// Everything stored about a user, secrets aside. `None` if there is no such user.
    async fn export(&self, id: UserId) -> StoreResult<Option<AccountExport>>;
}
