//! Ports: where users and what belongs to them are kept.

use async_trait::async_trait;

use super::StoreResult;
use crate::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use crate::audit::AuditEntry;
use crate::id::{AppId, OpenId, UserId};
use crate::profile::ProfileEdit;
use crate::secret::SessionKey;
use crate::signatures::{Signatory, Whom};
use crate::user::User;
use crate::visit::{Visit, VisitOutcome};

/// Keeps users and their identities.
///
/// The contract, which the suite of the feature `testing` holds every adapter to:
/// - A visit is **one atomic step**: user, identity, session_key and session are all stored or
///   none is, and when the call returns they survive a crash of service and database.
/// - The method takes whole values and may wait, so that an adapter can write many waiting
///   visits in one statement; one visit's failure MUST NOT fail another.
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Finds or creates the user of a visit and opens its session.
    ///
    /// - `(app, openid)` is one identity and belongs to one user for ever; first visits of one
    ///   openid at the same moment MUST make one user, without an error.
    /// - A new identity whose unionid is known in its app's Open Platform account joins that
    ///   user; otherwise it makes a user with the visit's `new_user_id`.
    /// - A unionid that shows up later is added to the identity. If it belongs to another user
    ///   already, the visit is recorded for the identity's own user all the same.
    /// - The user learns the visit's reports in their order
    ///   ([`Profile::learn`](crate::profile::Profile::learn)); `last_login_at` becomes the
    ///   visit's time.
    /// - The last three session_keys of an identity are kept, sealed; one that is already the
    ///   newest is not kept twice.
    /// - If the user has more than `sessions_per_user` live sessions then, the oldest are ended. That
    ///   is a step of its own, which is done before the call returns.
    /// - A disabled user is [`VisitOutcome::UserDisabled`], and nothing is stored. So is a new
    ///   identity that is banned, itself or by its unionid in its app's Open Platform account
    ///   ([`Ban`](super::Ban)).
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome>;
}

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
    /// If the user is disabled, a [`Ban`](super::Ban) is made in the same step: a visit of
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

/// Finds users by what a signature needs of them.
#[async_trait]
pub trait SignatoryRepository: Send + Sync {
    /// The user's identity in the app with its newest session_key. If a merge left the user several
    /// identities there, it is the one that logged in last. `None` if there is none.
    ///
    /// An adapter MUST read the store each time, because every visit that was recorded before the
    /// call counts, on any replica: WeChat refuses a signature by the session_key before.
    async fn find(&self, app: &AppId, user: &Whom) -> StoreResult<Option<Signatory>>;
}

/// Counts the lookups of phone numbers, each of which may cost the app money.
#[async_trait]
pub trait PhoneLookups: Send + Sync {
    /// Counts a lookup of `user` on `day`, and returns whether it is among the first `at_most`. One more
    /// is not counted.
    ///
    /// - Exact across replicas and restarts, also for lookups at the same moment.
    /// - `day` is any number that grows by one a day. Only the last day is kept.
    /// - A user who is gone is not counted.
    ///
    /// # Errors
    /// [`RepositoryError`](super::RepositoryError). The lookup may have been counted.
    async fn count(&self, user: UserId, day: i32, at_most: u32) -> StoreResult<bool>;

    /// Takes back one lookup of `user` on `day` that gave no number, if that is still the last day.
    async fn uncount(&self, user: UserId, day: i32) -> StoreResult<()>;
}
