//! From rows to what is known, on both databases.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{auto_type, sum};
use diesel::helper_types::sum;
use diesel::prelude::*;
use diesel::query_source::Alias;
use domain::id::{OpenPlatform, UnionId, UserId};
use domain::user::{Identity, User};
use domain::visit::Visit;

use super::UNCOUNTED;
use super::batch_rows::identity_keys;
use super::known::{BannedName, Known, Origin, PlannedIdentity, PlannedUser, UnionKey};
use super::plan::unsettled_union;
use super::statements::{LoadBans, LoadIdentities, LoadUnionOwners};
use crate::bans;
use crate::connection::AnyConnection;
use crate::key_ring::{KeyRing, SessionKeyVault};
use crate::rows::{IdentityNames, LOGINS, Logins, UserRow, logins_of_user};
use crate::schema::{ban_hashes, identities, union_ids};
use crate::statement::load_all;
use crate::stored_keys::IdentityHashKey;
use crate::types::DbInstant;

/// The sum over the user's identities.
#[auto_type]
fn sessions_opened() -> _ {
    let logins: Alias<Logins> = LOGINS;
    logins_of_user()
        .select(sum(logins.field(identities::sessions_opened)))
        .single_value()
}

/// An identity with its user.
#[derive(Queryable, Selectable)]
#[diesel(table_name = identities)]
struct KnownIdentityRow {
    #[diesel(embed)]
    names: IdentityNames,
    open_platform: Option<String>,
    session_keys: Vec<u8>,
    created_at: DbInstant,
    last_login_at: DbInstant,
    revision: i32,
    sessions_opened: i32,
    #[diesel(embed)]
    user: UserRow,
    #[diesel(select_expression = sessions_opened())]
    sessions_opened_of_user: Option<i64>,
}

/// A unionid with the user whose it is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = union_ids)]
struct UnionOwnerRow {
    union_id: String,
    open_platform: String,
    #[diesel(embed)]
    user: UserRow,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ban_hashes)]
struct BannedRow {
    hash: Vec<u8>,
}

/// Visitors whose identity is not known, by the hashes that may be banned.
type Newcomers = BTreeMap<[u8; 32], BannedName>;

impl Known {
    pub(super) fn load(
        connection: &mut AnyConnection,
        visits: &[&Visit],
        vault: &SessionKeyVault,
        key: &IdentityHashKey,
    ) -> QueryResult<Self> {
        let mut known = Self::default();
        let names: Vec<_> = identity_keys(visits).into_iter().collect();
        for row in load_all::<LoadIdentities, _>(connection, &names)? {
            known.add_identity(row, vault);
        }
        let unions: Vec<_> = known.unsettled_unions(visits).into_iter().collect();
        if !unions.is_empty() {
            for row in load_all::<LoadUnionOwners, _>(connection, &unions)? {
                known.add_union_owner(row);
            }
        }
        let newcomers = known.newcomers(visits, key);
        if !newcomers.is_empty() {
            let hashes: Vec<_> = newcomers.keys().copied().collect();
            known.add_banned(newcomers, &load_all::<LoadBans, _>(connection, &hashes)?);
        }
        Ok(known)
    }

    fn add_identity(&mut self, row: KnownIdentityRow, vault: &SessionKeyVault) {
        let sessions_opened = row.sessions_opened_of_user.unwrap_or(UNCOUNTED);
        let user_id = self.add_user(row.user, sessions_opened);
        let identity = Identity::from(row.names);
        let Identity {
            app_id, open_id, ..
        } = &identity;
        let keys = KeyRing::load(vault, app_id, open_id, &row.session_keys);
        let key = (open_id.clone(), app_id.clone());
        let planned = PlannedIdentity {
            identity,
            user_id,
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
    fn unsettled_unions(&self, visits: &[&Visit]) -> BTreeSet<UnionKey> {
        let told = visits.iter().filter(|visit| visit.union_id.is_some());
        let unsettled = told.filter_map(|visit| {
            let key = (visit.open_id.clone(), visit.app.id.clone());
            unsettled_union(visit, self.identities.get(&key))
        });
        unsettled.collect()
    }

    /// The hashes by which visitors whose identity or unionid is not known may be banned. Loaded after
    /// identities and unionids: who is deleted in between is banned by then.
    fn newcomers(&self, visits: &[&Visit], key: &IdentityHashKey) -> Newcomers {
        let mut newcomers = Newcomers::default();
        for visit in visits {
            let identity = (visit.open_id.clone(), visit.app.id.clone());
            let known = self.identities.get(&identity);
            let union = unsettled_union(visit, known);
            if known.is_none() {
                let hash = bans::identity_hash(key, &visit.app.id, &visit.open_id);
                newcomers.insert(hash, BannedName::Identity(identity));
            }
            if let Some((union_id, platform)) = union {
                let hash = bans::union_hash(key, &platform, &union_id);
                newcomers.insert(hash, BannedName::Union((union_id, platform)));
            }
        }
        newcomers
    }

    /// Notes those of the newcomers whose hashes are banned.
    fn add_banned(&mut self, mut newcomers: Newcomers, rows: &[BannedRow]) {
        let banned = rows
            .iter()
            .filter_map(|row| newcomers.remove(row.hash.as_slice()));
        self.banned.extend(banned);
    }

    fn add_union_owner(&mut self, row: UnionOwnerRow) {
        let key: UnionKey = (
            UnionId::new(row.union_id),
            OpenPlatform::new(row.open_platform),
        );
        let user = self.add_user(row.user, UNCOUNTED);
        self.union_owners.insert(key, user);
    }

    fn add_user(&mut self, row: UserRow, sessions_opened: i64) -> UserId {
        let origin = Origin::Loaded {
            revision: row.revision,
        };
        let sessions_ended_until = row.sessions_ended_until.map(Into::into);
        let user = User::from(row);
        let id = user.id;
        let planned = PlannedUser {
            user,
            origin,
            sessions_ended_until,
            sessions_opened,
            is_changed: false,
        };
        self.users.insert(id, planned);
        id
    }
}
