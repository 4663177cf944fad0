//! From rows to what is known, on both databases.

use std::collections::BTreeSet;

use domain::id::{AppId, OpenId, OpenPlatform, UnionId, UserId};
use domain::user::Identity;
use domain::visit::Visit;

use super::plan::{Known, Origin, PlannedIdentity, PlannedUser, UnionKey, unsettled_union};
use crate::key_ring::{KeyRing, SessionKeyVault};
use crate::rows::{IdentityRow, UserRow};
use crate::types::DbInstant;

/// An identity with its user, and when the user last logged in anywhere.
pub(super) type KnownIdentityRow = (IdentityRow, UserRow, Option<DbInstant>);
/// The owner of a unionid: unionid, Open Platform account, user, last login.
pub(super) type UnionOwnerRow = (String, String, UserRow, Option<DbInstant>);

impl Known {
    pub(super) fn add_identity(
        &mut self,
        (row, user, last_login_at): KnownIdentityRow,
        vault: &SessionKeyVault,
    ) {
        self.add_user(user, last_login_at);
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

    pub(super) fn add_union_owner(&mut self, row: UnionOwnerRow) {
        let (union_id, open_platform, user, last_login_at) = row;
        let key: UnionKey = (UnionId::new(union_id), OpenPlatform::new(open_platform));
        let user = self.add_user(user, last_login_at);
        self.union_owners.insert(key, user);
    }

    fn add_user(&mut self, row: UserRow, last_login_at: Option<DbInstant>) -> UserId {
        let revision = row.revision;
        let user = row.into_user(last_login_at);
        let id = user.id;
        self.users.insert(
            id,
            PlannedUser {
                user,
                origin: Origin::Loaded { revision },
                is_changed: false,
            },
        );
        id
    }
}
