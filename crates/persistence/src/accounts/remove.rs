//! Deleting accounts, or parts of them. Each function runs in a transaction.
//!
//! The user's row is locked first, which keeps new identities away. Then identities go, and with
//! them every login that has been planned upon them, and last the sessions, those of logins that
//! were faster included.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::account::Withdrawal;
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, UserId};

use super::union_ids;
use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::schema::{identities, merge_candidates, users};
use crate::stored_keys::StoredKeys;
use crate::transaction::lock_user;
use crate::types::DbId;
use crate::{audit, bans, push_outbox, strays};

pub(super) fn delete(
    connection: &mut AnyConnection,
    keys: &StoredKeys,
    id: UserId,
    audit: &AuditEntry,
) -> DbResult<Option<Removed>> {
    if !lock_user(connection, id)? {
        let done = audit::find(connection, audit.id)?;
        return Ok(done.map(|_| (id, true)));
    }
    bans::ban_if_disabled(connection, keys, id, None, audit)?;
    let has_strays = delete_locked(connection, id, audit)?;
    audit::record(connection, audit)?;
    Ok(Some((id, has_strays)))
}

/// Of whom something was removed, and whether sessions are left to be removed: there may be some if
/// it was done by a call whose answer was lost.
pub(super) type Removed = (UserId, bool);

pub(super) fn withdraw(
    connection: &mut AnyConnection,
    keys: &StoredKeys,
    app: &AppId,
    open_id: &OpenId,
    withdrawn: &[Withdrawal],
    audit: &AuditEntry,
) -> DbResult<Option<Removed>> {
    // WeChat repeats its messages: what is withdrawn once is withdrawn, and not what came after it.
    if let Some(user) = audit::find(connection, audit.id)?.and_then(|done| done.user_id) {
        return Ok(Some((user, true)));
    }
    let Some(user) = lock_owner(connection, app, open_id)? else {
        let done = audit::find(connection, audit.id)?;
        return Ok(done.and_then(|done| Some((done.user_id?, true))));
    };
    let is = |withdrawal| withdrawn.contains(&withdrawal);
    let cleared = (
        is(Withdrawal::NickName).then(|| users::nick_name.eq(None::<&str>)),
        is(Withdrawal::Avatar).then(|| users::avatar_url.eq(None::<&str>)),
        is(Withdrawal::Phone).then(|| users::phone.eq(None::<&str>)),
    );
    diesel::update(users::table.find(DbId(user.as_uuid())))
        .set((cleared, users::revision.eq(users::revision + 1)))
        .execute(connection)?;
    let mut has_strays = false;
    if is(Withdrawal::Identity) {
        bans::ban_if_disabled(connection, keys, user, Some((app, open_id)), audit)?;
        has_strays = delete_identity(connection, user, app, open_id, audit)?;
    }
    audit::record(connection, &audit.clone().about(user))?;
    Ok(Some((user, has_strays)))
}

/// Deletes a user and everything about them. Identities, unionids and merge candidates go with
/// the row. Gives whether sessions are left to be removed.
fn delete_locked(connection: &mut AnyConnection, id: UserId, audit: &AuditEntry) -> DbResult<bool> {
    union_ids::release(connection, id, &[], audit)?;
    let known = identities::table
        .filter(identities::user_id.eq(DbId(id.as_uuid())))
        .select((identities::app_id, identities::open_id))
        .load::<(String, String)>(connection)?;
    for (app, open_id) in known {
        push_outbox::forget_user(connection, &AppId::new(app), &OpenId::new(open_id))?;
    }
    diesel::delete(users::table.find(DbId(id.as_uuid()))).execute(connection)?;
    strays::remove(connection, id)
}

fn lock_owner(
    connection: &mut AnyConnection,
    app: &AppId,
    open_id: &OpenId,
) -> DbResult<Option<UserId>> {
    let owner = || {
        identities::table
            .find((open_id.as_str(), app.as_str()))
            .select(identities::user_id)
    };
    loop {
        let Some(user) = owner().first::<DbId>(connection).optional()? else {
            return Ok(None);
        };
        lock_user(connection, UserId::new(user.0))?;
        // A merge may have moved the identity meanwhile.
        if owner().first::<DbId>(connection).optional()? == Some(user) {
            return Ok(Some(UserId::new(user.0)));
        }
    }
}

/// Gives whether sessions are left to be removed.
fn delete_identity(
    connection: &mut AnyConnection,
    user: UserId,
    app: &AppId,
    open_id: &OpenId,
    audit: &AuditEntry,
) -> DbResult<bool> {
    let id = DbId(user.as_uuid());
    push_outbox::forget_user(connection, app, open_id)?;
    diesel::delete(identities::table.find((open_id.as_str(), app.as_str()))).execute(connection)?;
    let left = identities::table.filter(identities::user_id.eq(id));
    if !diesel::select(exists(left)).get_result::<bool>(connection)? {
        return delete_locked(connection, user, audit);
    }
    // The unionids that none of the identities shows any longer go.
    let shown = identities::table
        .filter(identities::user_id.eq(id))
        .filter(identities::union_id.is_not_null())
        .select(identities::union_id.assume_not_null())
        .distinct()
        .load::<String>(connection)?;
    union_ids::release(connection, user, &shown, audit)?;
    let of_user = merge_candidates::user_id
        .eq(id)
        .or(merge_candidates::union_user_id.eq(id));
    let lost = merge_candidates::table
        .filter(of_user)
        .filter(merge_candidates::union_id.ne_all(&shown));
    diesel::delete(lost).execute(connection)?;
    strays::remove(connection, user)
}
