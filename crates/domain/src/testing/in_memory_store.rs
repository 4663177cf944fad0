//! Fake: the whole database in memory.

mod accounts;
mod keeping;
mod lifecycle;
mod support;
mod visits;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::account::{AccountIdentity, Page};
use crate::audit::AuditEntry;
use crate::id::{AppId, OpenId, OpenPlatform, SessionId, UnionId, UserId};
use crate::ports::{Ban, Change, MergeCandidate, ReplacedAvatar, StoredWechatToken};
use crate::secret::SessionKey;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::visit::SentCode;

/// The ports of the database in memory, with the rules of all of them, in the plainest way.
#[derive(Default)]
pub struct InMemoryStore(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    users: BTreeMap<UserId, User>,
    identities: BTreeMap<IdentityKey, IdentityRow>,
    union_owners: HashMap<Union, UserId>,
    sessions: HashMap<SessionId, SessionRow>,
    merge_candidates: Vec<MergeRow>,
    bans: Vec<BanRow>,
    audit: Vec<AuditEntry>,
    /// Everything that ever changed.
    changes: Vec<Change>,
    wechat_tokens: HashMap<String, StoredWechatToken>,
    /// With the instant each is due at.
    replaced_avatars: Vec<(Timestamp, ReplacedAvatar)>,
    /// The last day, and how many on it.
    phone_lookups: HashMap<UserId, (i32, u32)>,
}

type IdentityKey = (AppId, OpenId);
type Union = (OpenPlatform, UnionId);

struct IdentityRow {
    user_id: UserId,
    known: AccountIdentity,
    /// The account under which the unionid has been settled.
    open_platform: Option<OpenPlatform>,
    session_keys: Vec<SessionKey>,
}

struct SessionRow {
    session: Session,
    identity: IdentityKey,
    sent: Option<SentCode>,
}

struct MergeRow {
    candidate: MergeCandidate,
    is_open: bool,
}

/// Other adapters keep keyed hashes of the names.
struct BanRow {
    ban: Ban,
    identities: BTreeSet<IdentityKey>,
    unions: Vec<Union>,
}

impl InMemoryStore {
    /// Shuts a user out, as the operator would.
    pub fn disable(&self, user: UserId, at: Timestamp) {
        self.tables().set_disabled(user, Some(at));
    }

    /// Pairs of users who are one person by a unionid: who logged in, and who had it before.
    pub fn merge_candidates(&self) -> Vec<(UserId, UserId)> {
        let tables = self.tables();
        tables.merge_candidates.iter().map(MergeRow::pair).collect()
    }

    pub fn audit(&self) -> Vec<AuditEntry> {
        self.tables().audit.clone()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A test that panicked elsewhere has failed already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// The entry of a deed that was done already: its caller repeats it after a lost answer.
    fn done(&self, audit: &AuditEntry) -> Option<&AuditEntry> {
        self.audit.iter().find(|entry| entry.id == audit.id)
    }

    fn is_disabled(&self, user: UserId) -> bool {
        let user = self.users.get(&user);
        user.is_some_and(|user| user.disabled_at.is_some())
    }
}

/// The items of a page, by ascending ids.
pub(super) fn page_of<T, Id: Ord + Copy>(
    items: impl IntoIterator<Item = T>,
    page: Page<Id>,
    id_of: impl Fn(&T) -> Id,
) -> Vec<T> {
    let items = items.into_iter();
    let is_after = |item: &T| page.after.is_none_or(|after| id_of(item) > after);
    let mut items: Vec<_> = items.filter(is_after).collect();
    items.sort_by_key(id_of);
    items.truncate(page.limit as usize);
    items
}

/// The same by descending ids.
fn newest_of<T, Id: Ord + Copy>(
    items: impl IntoIterator<Item = T>,
    Page { after, limit }: Page<Id>,
    id_of: impl Fn(&T) -> Id,
) -> Vec<T> {
    let after = after.map(Reverse);
    page_of(items, Page { after, limit }, |item| Reverse(id_of(item)))
}

impl IdentityRow {
    fn union(&self) -> Option<Union> {
        let platform = self.open_platform.clone();
        platform.zip(self.known.identity.union_id.clone())
    }
}

impl MergeRow {
    /// Who goes and who stays.
    fn pair(&self) -> (UserId, UserId) {
        (self.candidate.user_id, self.candidate.union_user_id)
    }

    /// The other user of a candidate that is about this one.
    fn other_of(&self, id: UserId) -> Option<UserId> {
        let (goes, stays) = self.pair();
        match id {
            _ if id == goes => Some(stays),
            _ if id == stays => Some(goes),
            _ => None,
        }
    }
}
