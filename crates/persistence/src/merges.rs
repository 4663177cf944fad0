//! Users who seem to be one person.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::account::Page;
use domain::audit::AuditEntry;
use domain::id::{UnionId, UserId};
use domain::ports::{MergeCandidate, MergeOutcome, MergeRepository, StoreResult};
use domain::profile::Profile;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::rows::ProfileRow;
use crate::schema::{bans, identities, merge_candidates, replaced_avatars, union_ids, users};
use crate::transaction::lock_user;
use crate::types::{DbId, DbInstant};
use crate::{audit, session_lifecycle, strays};

#[async_trait]
impl MergeRepository for Database {
    async fn open_candidates(&self, page: Page<Uuid>) -> StoreResult<Vec<MergeCandidate>> {
        self.call(move |connection| {
            let rows = merge_candidates::table
                .filter(merge_candidates::state.eq("open"))
                .filter(merge_candidates::id.gt(DbId(page.after.unwrap_or_default())))
                .select((
                    merge_candidates::id,
                    merge_candidates::union_id,
                    merge_candidates::user_id,
                    merge_candidates::union_user_id,
                    merge_candidates::created_at,
                ))
                .order(merge_candidates::id)
                .limit(page.limit.into())
                .load::<(DbId, String, DbId, DbId, DbInstant)>(connection)?;
            let pairs = rows.iter().flat_map(|(_, _, one, other, _)| [*one, *other]);
            let disabled = disabled_among(connection, pairs.collect())?;
            let rows = rows.into_iter();
            let candidates = rows.map(|(id, union_id, one, other, at)| MergeCandidate {
                id: id.0,
                union_id: UnionId::new(union_id),
                user_id: UserId::new(one.0),
                union_user_id: UserId::new(other.0),
                created_at: at.into(),
                user_disabled_at: disabled.get(&one.0).copied(),
                union_user_disabled_at: disabled.get(&other.0).copied(),
            });
            Ok(candidates.collect())
        })
        .await
    }

    async fn apply(&self, id: Uuid, audit: AuditEntry) -> StoreResult<MergeOutcome> {
        let applied = self.transact(move |connection| apply(connection, id, &audit));
        let (outcome, left_by) = applied.await?;
        if let Some(gone) = left_by {
            strays::remove_others(&self.pool, gone);
        }
        Ok(outcome)
    }

    async fn dismiss(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        self.transact(move |connection| {
            let open = merge_candidates::table
                .find(DbId(id))
                .filter(merge_candidates::state.eq("open"));
            let dismissed = diesel::update(open)
                .set((
                    merge_candidates::state.eq("dismissed"),
                    merge_candidates::decided_at.eq(DbInstant::from(audit.at)),
                ))
                .execute(connection)?;
            if dismissed == 0 {
                return Ok(audit::find(connection, audit.id)?.is_some());
            }
            audit::record(connection, &audit)?;
            Ok(true)
        })
        .await
    }
}

/// Which of these users are disabled, and since when.
fn disabled_among(
    connection: &mut AnyConnection,
    ids: Vec<DbId>,
) -> DbResult<BTreeMap<Uuid, Timestamp>> {
    let rows = users::table
        .filter(users::id.eq_any(ids))
        .filter(users::disabled_at.is_not_null())
        .select((users::id, users::disabled_at.assume_not_null()))
        .load::<(DbId, DbInstant)>(connection)?;
    let since = |(id, at): (DbId, DbInstant)| (id.0, at.into());
    Ok(rows.into_iter().map(since).collect())
}

/// What became of a merge, and who is gone and has left sessions to be removed.
type Applied = (MergeOutcome, Option<UserId>);

/// Runs in a transaction.
fn apply(connection: &mut AnyConnection, id: Uuid, audit: &AuditEntry) -> DbResult<Applied> {
    let Some((gone, stays)) = open_pair(connection, id, false)? else {
        return already_decided(connection, audit);
    };
    // Both locked in the order of their ids, so that two merges never wait for each other.
    lock_user(connection, gone.min(stays))?;
    lock_user(connection, gone.max(stays))?;
    if open_pair(connection, id, true)? != Some((gone, stays)) {
        // Decided, or a user deleted, in the moment before the locks.
        return already_decided(connection, audit);
    }
    let pair = vec![DbId(gone.as_uuid()), DbId(stays.as_uuid())];
    if disabled_among(connection, pair)?.len() == 1 {
        return Ok((MergeOutcome::OneIsDisabled, None));
    }
    fill_profile(connection, gone, stays)?;
    let has_strays = move_rows(connection, gone, stays, audit.at)?;
    move_candidates(connection, gone, stays)?;
    // What still refers to the user, this candidate among it, goes with the row.
    diesel::delete(users::table.find(DbId(gone.as_uuid()))).execute(connection)?;
    // The avatar that is kept is not an unused one, although it belonged to the other user.
    let avatar = users::table
        .find(DbId(stays.as_uuid()))
        .select(users::avatar_url)
        .first::<Option<String>>(connection)?;
    if let Some(avatar) = avatar {
        let kept = replaced_avatars::table.filter(replaced_avatars::url.eq(avatar));
        diesel::delete(kept).execute(connection)?;
    }
    audit::record(connection, &audit.clone().about(stays))?;
    Ok((MergeOutcome::Applied(stays), has_strays.then_some(gone)))
}

/// What to say of a candidate that is not open: it may have been applied by this very call, whose
/// answer was lost.
fn already_decided(connection: &mut AnyConnection, audit: &AuditEntry) -> DbResult<Applied> {
    let remaining = audit::find(connection, audit.id)?.and_then(|done| done.user_id);
    let outcome = remaining.map_or(MergeOutcome::NotOpen, MergeOutcome::Applied);
    Ok((outcome, None))
}

/// Who goes and who stays by an open candidate. If it `is_locked`, everyone else is kept from
/// deciding until the transaction ends. (SQLite has one writer.)
fn open_pair(
    connection: &mut AnyConnection,
    id: Uuid,
    is_locked: bool,
) -> DbResult<Option<(UserId, UserId)>> {
    let pair = merge_candidates::table
        .find(DbId(id))
        .filter(merge_candidates::state.eq("open"))
        .select((merge_candidates::user_id, merge_candidates::union_user_id));
    let pair = match connection {
        AnyConnection::Postgres(connection) if is_locked => pair.for_update().first(connection),
        _ => pair.first(connection),
    };
    let pair: Option<(DbId, DbId)> = pair.optional()?;
    Ok(pair.map(|(user, union_user)| (UserId::new(user.0), UserId::new(union_user.0))))
}

/// Gives a user what they lack and the other has.
fn fill_profile(connection: &mut AnyConnection, from: UserId, to: UserId) -> DbResult<()> {
    let mut user = |id: UserId| {
        users::table
            .find(DbId(id.as_uuid()))
            .select((ProfileRow::as_select(), users::phone))
            .first::<(ProfileRow, Option<String>)>(connection)
            .map(|(profile, phone)| (Profile::from(profile), phone))
    };
    let ((other, other_phone), (own, own_phone)) = (user(from)?, user(to)?);
    diesel::update(users::table.find(DbId(to.as_uuid())))
        .set((
            ProfileRow::from(own.or(other)),
            users::phone.eq(own_phone.or(other_phone)),
            users::revision.eq(users::revision + 1),
        ))
        .execute(connection)?;
    Ok(())
}

/// Ends the sessions of a user, and gives them, the identities and the unionids to another. Gives
/// whether sessions are left to be removed.
fn move_rows(
    connection: &mut AnyConnection,
    from: UserId,
    to: UserId,
    at: Timestamp,
) -> DbResult<bool> {
    let (gone, stays) = (DbId(from.as_uuid()), DbId(to.as_uuid()));
    // The revision makes logins that were planned upon the old user start anew. Those that were
    // faster have their sessions by now.
    diesel::update(identities::table.filter(identities::user_id.eq(gone)))
        .set((
            identities::user_id.eq(stays),
            identities::revision.eq(identities::revision + 1),
        ))
        .execute(connection)?;
    diesel::update(union_ids::table.filter(union_ids::user_id.eq(gone)))
        .set(union_ids::user_id.eq(stays))
        .execute(connection)?;
    // Those of identities that a disabled user withdrew.
    diesel::update(bans::table.filter(bans::user_id.eq(gone)))
        .set(bans::user_id.eq(stays))
        .execute(connection)?;
    session_lifecycle::hand_over(connection, from, to, at)
}

/// Puts a user in another's place in the merge candidates. Those that would be of a user with
/// themselves, or of a pair that is there already, stay as they are and go with the user.
fn move_candidates(connection: &mut AnyConnection, from: UserId, to: UserId) -> DbResult<()> {
    let (gone, stays) = (DbId(from.as_uuid()), DbId(to.as_uuid()));
    let touched = merge_candidates::user_id
        .eq(gone)
        .or(merge_candidates::union_user_id.eq(gone));
    let candidates = merge_candidates::table
        .filter(touched)
        .order(merge_candidates::id)
        .select((
            merge_candidates::id,
            merge_candidates::user_id,
            merge_candidates::union_user_id,
        ))
        .load::<(DbId, DbId, DbId)>(connection)?;
    let moved = |user| if user == gone { stays } else { user };
    for (id, user, union_user) in candidates {
        let (user, union_user) = (moved(user), moved(union_user));
        if user == union_user || is_noted(connection, user, union_user)? {
            continue;
        }
        diesel::update(merge_candidates::table.find(id))
            .set((
                merge_candidates::user_id.eq(user),
                merge_candidates::union_user_id.eq(union_user),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Whether a pair of users is a merge candidate already, whatever became of it.
pub(crate) fn is_noted(
    connection: &mut AnyConnection,
    user: DbId,
    union_user: DbId,
) -> DbResult<bool> {
    let same = merge_candidates::table
        .filter(merge_candidates::user_id.eq(user))
        .filter(merge_candidates::union_user_id.eq(union_user));
    Ok(diesel::select(exists(same)).get_result(connection)?)
}
