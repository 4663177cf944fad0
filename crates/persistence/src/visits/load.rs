//! From rows to what is known, on both databases.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{AppId, OpenId, OpenPlatform, UnionId, UserId};
use domain::user::Identity;
use domain::visit::Visit;

use super::UNCOUNTED;
use super::batch_rows::BanHash;
use super::plan::{
    BannedName, Known, Origin, PlannedIdentity, PlannedUser, UnionKey, unsettled_union,
};
use crate::bans;
use crate::key_ring::{KeyRing, SessionKeyVault};
use crate::rows::{IdentityRow, UserRow};
use crate::stored_keys::IdentityHashKey;
use crate::types::DbInstant;

/// An identity with its user, when the user last logged in anywhere, and the sum of
/// `sessions_opened` over their identities.
pub(super) type KnownIdentityRow = (IdentityRow, UserRow, Option<DbInstant>, Option<i64>);
/// The owner of a unionid: unionid, Open Platform account, user, last login.
pub(super) type UnionOwnerRow = (String, String, UserRow, Option<DbInstant>);

/// Visitors whose identity is not known, by the hashes that may be banned.
#[derive(Default)]
pub(super) struct Newcomers(BTreeMap<[u8; 32], BannedName>);

impl Newcomers {
    pub(super) fn hashes(&self) -> Vec<BanHash> {
        let hashes = self.0.keys();
        hashes
            .map(|hash| BanHash {
                hash: hash.to_vec(),
            })
            .collect()
    }

    /// Those whose hashes are banned.
    pub(super) fn banned(mut self, hashes: &[Vec<u8>]) -> BTreeSet<BannedName> {
        let hashes = hashes
            .iter()
            .filter_map(|hash| hash.as_slice().try_into().ok());
        hashes
            .filter_map(|hash: [u8; 32]| self.0.remove(&hash))
            .collect()
    }
}

impl Known {
    pub(super) fn add_identity(
        &mut self,
        (row, user, last_login_at, sessions_opened): KnownIdentityRow,
        vault: &SessionKeyVault,
    ) {
        self.add_user(user, last_login_at, sessions_opened.unwrap_or(UNCOUNTED));
        let app_id = AppId::new(row.app_id);
        let open_id = OpenId::new(row.open_id);
        let keys = KeyRing::load(vault, &app_id, &open_id, &row.session_keys);
        let key = (open_id.clone(), app_id.clone());
        let identity = Identity {
            app_id,
            open_id,
            union_id: row.union_id.map(UnionId::new),
        };
        let planned = PlannedIdentity {
            identity,
            user_id: UserId::new(row.user_id.0),
            open_platform: row.open_platform.map(OpenPlatform::new),
            keys,
            created_at: row.created_at.into(),
            last_login_at: row.last_login_at.into(),
            origin: Origin::Loaded {
                revision: row.revision,
            },
            sessions_opened: row.sessions_opened,
            is_changed: false,
        };
        self.identities.insert(key, planned);
    }

    /// The unionids of `visits` whose owners must be known as well.
    pub(super) fn unsettled_unions(&self, visits: &[&Visit]) -> BTreeSet<UnionKey> {
        let told = visits.iter().filter(|visit| visit.union_id.is_some());
        let unsettled = told.filter_map(|visit| {
            let key = (visit.open_id.clone(), visit.app.id.clone());
            unsettled_union(visit, self.identities.get(&key))
        });
        unsettled.collect()
    }

    /// The hashes by which visitors whose identity or unionid is not known may be banned. Loaded after
    /// identities and unionids: who is deleted in between is banned by then.
    pub(super) fn newcomers(&self, visits: &[&Visit], key: &IdentityHashKey) -> Newcomers {
        let mut newcomers = Newcomers::default();
        for visit in visits {
            let identity = (visit.open_id.clone(), visit.app.id.clone());
            let known = self.identities.get(&identity);
            let union = unsettled_union(visit, known);
            if known.is_none() {
                let hash = bans::identity_hash(key, &visit.app.id, &visit.open_id);
                newcomers.0.insert(hash, BannedName::Identity(identity));
            }
            if let Some((union_id, platform)) = union {
                let hash = bans::union_hash(key, &platform, &union_id);
                let name = BannedName::Union((union_id, platform));
                newcomers.0.insert(hash, name);
            }
        }
        newcomers
    }

    pub(super) fn add_union_owner(&mut self, row: UnionOwnerRow) {
        let (union_id, open_platform, user, last_login_at) = row;
        let key: UnionKey = (UnionId::new(union_id), OpenPlatform::new(open_platform));
        let user = self.add_user(user, last_login_at, UNCOUNTED);
        self.union_owners.insert(key, user);
    }

    fn add_user(
        &mut self,
        row: UserRow,
        last_login_at: Option<DbInstant>,
        sessions_opened: i64,
    ) -> UserId {
        let revision = row.revision;
        let sessions_ended_until = row.sessions_ended_until.map(Into::into);
        let user = row.into_user(last_login_at);
        let id = user.id;
        self.users.insert(
            id,
            PlannedUser {
                user,
                origin: Origin::Loaded { revision },
                sessions_ended_until,
                sessions_opened,
                is_changed: false,
            },
        );
        id
    }
}
