//! Bans that outlive the account.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::account::Page;
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, OpenPlatform, UnionId, UserId};
use domain::ports::{Ban, BanRepository, StoreResult};
use uuid::Uuid;

use crate::audit;
use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::DbResult;
use crate::schema::{ban_hashes, bans, identities, users};
use crate::stored_keys::{IdentityHashKey, StoredKeys};
use crate::types::{DbId, DbInstant};

#[async_trait]
impl BanRepository for Database {
    async fn list(&self, page: Page<Uuid>) -> StoreResult<Vec<Ban>> {
        self.call(move |connection| {
            let rows = bans::table
                .filter(bans::id.gt(DbId(page.after.unwrap_or_default())))
                .order(bans::id)
                .limit(page.limit.into())
                .load::<(DbId, DbId, DbInstant)>(connection)?;
            let ids: Vec<_> = rows.iter().map(|(id, _, _)| *id).collect();
            let apps = ban_hashes::table
                .filter(ban_hashes::ban_id.eq_any(ids))
                .filter(ban_hashes::app_id.is_not_null())
                .select((ban_hashes::ban_id, ban_hashes::app_id.assume_not_null()))
                .distinct()
                .order(ban_hashes::app_id)
                .load::<(DbId, String)>(connection)?;
            let mut apps_by_ban = BTreeMap::<_, Vec<_>>::new();
            for (ban, app) in apps {
                apps_by_ban.entry(ban.0).or_default().push(AppId::new(app));
            }
            let bans = rows.into_iter().map(|(id, user, at)| Ban {
                id: id.0,
                user_id: UserId::new(user.0),
                at: at.into(),
                app_ids: apps_by_ban.remove(&id.0).unwrap_or_default(),
            });
            Ok(bans.collect())
        })
        .await
    }

    async fn lift(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        self.transact(move |connection| {
            let ban = bans::table.find(DbId(id));
            let user = ban.select(bans::user_id);
            let user = user.first::<DbId>(connection).optional()?;
            let lifted = diesel::delete(ban).execute(connection)?;
            let Some(user) = user.filter(|_| lifted > 0) else {
                return Ok(audit::find(connection, audit.id)?.is_some());
            };
            audit::record(connection, &audit.clone().about(UserId::new(user.0)))?;
            Ok(true)
        })
        .await
    }
}

pub(crate) fn identity_hash(key: &IdentityHashKey, app: &AppId, open_id: &OpenId) -> [u8; 32] {
    let (app, open_id) = (app.as_str().as_bytes(), open_id.as_str().as_bytes());
    key.hash(&[b"open_id", app, open_id])
}

pub(crate) fn union_hash(
    key: &IdentityHashKey,
    platform: &OpenPlatform,
    union_id: &UnionId,
) -> [u8; 32] {
    let (platform, union_id) = (platform.as_str().as_bytes(), union_id.as_str().as_bytes());
    key.hash(&[b"union_id", platform, union_id])
}

/// Bans the identities of a locked user, or one `only`, that are about to be deleted, if the user is
/// disabled. Runs in a transaction.
pub(crate) fn ban_if_disabled(
    connection: &mut AnyConnection,
    keys: &StoredKeys,
    user: UserId,
    only: Option<(&AppId, &OpenId)>,
    audit: &AuditEntry,
) -> DbResult<()> {
    let id = DbId(user.as_uuid());
    let disabled = users::table
        .find(id)
        .filter(users::disabled_at.is_not_null());
    if !diesel::select(exists(disabled)).get_result::<bool>(connection)? {
        return Ok(());
    }
    let key = keys.identity_hash_key(connection)?;
    let ban = ban_of(connection, id, audit)?;
    let mut banned = identities::table
        .filter(identities::user_id.eq(id))
        .select((
            identities::app_id,
            identities::open_id,
            identities::open_platform,
            identities::union_id,
        ))
        .into_boxed::<AnyBackend>();
    if let Some((app, open_id)) = only {
        banned = banned
            .filter(identities::open_id.eq(open_id.as_str()))
            .filter(identities::app_id.eq(app.as_str()));
    }
    let banned: Vec<(String, String, Option<String>, Option<String>)> = banned.load(connection)?;
    for (app, open_id, platform, union_id) in banned {
        let hash = identity_hash(&key, &AppId::new(app.as_str()), &OpenId::new(open_id));
        add_hash(connection, ban, &hash, Some(&app))?;
        if let Some((platform, union_id)) = platform.zip(union_id) {
            let hash = union_hash(&key, &OpenPlatform::new(platform), &UnionId::new(union_id));
            add_hash(connection, ban, &hash, None)?;
        }
    }
    Ok(())
}

/// The ban of a user, made now if there is none.
fn ban_of(connection: &mut AnyConnection, user: DbId, audit: &AuditEntry) -> DbResult<DbId> {
    let known = bans::table
        .filter(bans::user_id.eq(user))
        .order(bans::id)
        .select(bans::id)
        .first::<DbId>(connection)
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let id = DbId(audit.id);
    diesel::insert_into(bans::table)
        .values((
            bans::id.eq(id),
            bans::user_id.eq(user),
            bans::at.eq(DbInstant::from(audit.at)),
        ))
        .execute(connection)?;
    Ok(id)
}

fn add_hash(
    connection: &mut AnyConnection,
    ban: DbId,
    hash: &[u8; 32],
    app: Option<&str>,
) -> DbResult<()> {
    let same = ban_hashes::table.find((hash.as_slice(), ban));
    if diesel::select(exists(same)).get_result::<bool>(connection)? {
        return Ok(());
    }
    diesel::insert_into(ban_hashes::table)
        .values((
            ban_hashes::hash.eq(hash.as_slice()),
            ban_hashes::ban_id.eq(ban),
            ban_hashes::app_id.eq(app),
        ))
        .execute(connection)?;
    Ok(())
}
