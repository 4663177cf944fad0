//! Ports: what the support desk reads and decides: merge candidates, bans, the audit log.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use uuid::{Uuid, Variant, Version};

use super::StoreResult;
use crate::account::Page;
use crate::audit::{AuditEntry, AuditQuery};
use crate::id::{AppId, UnionId, UserId};
use crate::time::Timestamp;

/// Keeps the merge candidates that logins have found, and does what the operator decides, at the time
/// of the audit entry.
#[async_trait]
pub trait MergeRepository: Send + Sync {
    /// The candidates without a decision, by ascending id, from after `page.after`.
    async fn open_candidates(&self, page: Page<Uuid>) -> StoreResult<Vec<MergeCandidate>>;

    /// Makes the two users one, in one atomic step: the identities of `user_id` go to
    /// `union_user_id`, who keeps what they have and takes over what they lack (profile fields,
    /// phone); the sessions of `user_id` end; `user_id` is gone.
    async fn apply(&self, id: Uuid, audit: AuditEntry) -> StoreResult<MergeOutcome>;

    /// Decides that the two users are two. `false` if there is no such open candidate.
    async fn dismiss(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool>;
}

/// Two users who are one person by a unionid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeCandidate {
    /// The session whose login found it.
    pub id: Uuid,
    /// The unionid both have shown.
    pub union_id: UnionId,
    /// The user whose login showed it later.
    pub user_id: UserId,
    /// The user who has had it before.
    pub union_user_id: UserId,
    pub created_at: Timestamp,
    pub user_disabled_at: Option<Timestamp>,
    pub union_user_disabled_at: Option<Timestamp>,
}

impl MergeCandidate {
    /// The id of a candidate that the deletion of the unionid's owner makes: its time is that of
    /// the deletion's audit entry, and a repeat of the deletion gives the same one.
    pub fn id_after(deletion: Uuid, user_id: UserId, union_user_id: UserId) -> Uuid {
        let ids = [deletion, user_id.as_uuid(), union_user_id.as_uuid()];
        let hash = Sha256::digest(ids.map(Uuid::into_bytes).concat());
        // An id of version 7 has the time in its first six bytes.
        let mut bytes = deletion.into_bytes();
        for (to, from) in bytes.iter_mut().skip(6).zip(hash) {
            *to = from;
        }
        let id = uuid::Builder::from_bytes(bytes).with_variant(Variant::RFC4122);
        id.with_version(Version::SortRand).into_uuid()
    }
}

/// What became of [`MergeRepository::apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The two are one: this user.
    Applied(UserId),
    /// One of the two is disabled and the other is not. Nothing was changed.
    OneIsDisabled,
    /// There is no such open candidate.
    NotOpen,
}

/// Lists and lifts bans.
///
/// [`AccountRepository`](super::AccountRepository) makes them, when a disabled user is deleted or
/// an identity of theirs is, and removes them when it enables the user;
/// [`UserRepository::record_visit`](super::UserRepository::record_visit) obeys them.
#[async_trait]
pub trait BanRepository: Send + Sync {
    /// The bans, by ascending id, from after `page.after`.
    async fn list(&self, page: Page<Uuid>) -> StoreResult<Vec<Ban>>;

    /// Removes a ban in one atomic step with its audit entry, which gets the ban's user. `false`
    /// if there is no such ban.
    async fn lift(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool>;
}

/// A user who was disabled when their account, or one of their identities, was deleted. They
/// stay shut out. Nothing here is personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The audit entry of the first deletion that made it.
    pub id: Uuid,
    /// The deleted user, as the audit log names them.
    pub user_id: UserId,
    /// When the account or the identity was deleted.
    pub at: Timestamp,
    /// The apps of the deleted identities, each once, in ascending order.
    pub app_ids: Vec<AppId>,
}

/// Keeps and shows what was done. (The entry of a change to an account is written in the same
/// step as the change, by the port that makes it.)
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Keeps `entry`, durably.
    async fn record(&self, entry: AuditEntry) -> StoreResult<()>;

    /// The entries that match all that `query` says, by descending id (the newest first), from
    /// after `page.after`.
    async fn search(&self, query: &AuditQuery, page: Page<Uuid>) -> StoreResult<Vec<AuditEntry>>;
}
