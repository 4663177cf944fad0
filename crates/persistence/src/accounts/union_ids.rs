//! The unionids of a user after the user, or an identity, is deleted.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::audit::AuditEntry;
use domain::id::UserId;
use domain::ports::MergeCandidate;

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::merges;
use crate::schema::{identities, merge_candidates, union_ids, users};
use crate::types::{DbId, DbInstant};

/// Gives the unionids of a locked user, but for those `shown` by identities they keep, to others
/// whose identities show them. Several users of one unionid become merge candidates, because what
/// noted them before goes with this user. Runs in a transaction.
pub(super) fn release(
    connection: &mut AnyConnection,
    user: UserId,
    shown: &[String],
    audit: &AuditEntry,
) -> DbResult<()> {
    let id = DbId(user.as_uuid());
    let freed = union_ids::table
        .filter(union_ids::user_id.eq(id))
        .filter(union_ids::union_id.ne_all(shown))
        .select((union_ids::open_platform, union_ids::union_id))
        .load::<(String, String)>(connection)?;
    for (platform, union_id) in freed {
        let row = union_ids::table.find((&union_id, &platform));
        let mut claimants = claimants(connection, id, &platform, &union_id)?.into_iter();
        let Some(owner) = claimants.next() else {
            diesel::delete(row).execute(connection)?;
            continue;
        };
        diesel::update(row)
            .set(union_ids::user_id.eq(owner))
            .execute(connection)?;
        for other in claimants {
            note(connection, (&platform, &union_id), other, owner, audit)?;
        }
    }
    Ok(())
}

/// The other users whose identities show a unionid: enabled ones first, then by the age of the
/// identity.
fn claimants(
    connection: &mut AnyConnection,
    user: DbId,
    platform: &str,
    union_id: &str,
) -> DbResult<Vec<DbId>> {
    let rows = identities::table
        .inner_join(users::table)
        .filter(identities::union_id.eq(union_id))
        .filter(identities::open_platform.eq(platform))
        .filter(identities::user_id.ne(user))
        .order((
            users::disabled_at.is_not_null(),
            identities::created_at,
            identities::user_id,
        ))
        .select(identities::user_id)
        .load::<DbId>(connection)?;
    let mut seen = BTreeSet::new();
    let users = rows.into_iter().filter(|user| seen.insert(user.0));
    Ok(users.collect())
}

/// Notes two users as one person, unless the pair is noted already.
fn note(
    connection: &mut AnyConnection,
    (platform, union_id): (&str, &str),
    user: DbId,
    owner: DbId,
    audit: &AuditEntry,
) -> DbResult<()> {
    if merges::is_noted(connection, user, owner)? {
        return Ok(());
    }
    let id = MergeCandidate::id_after(audit.id, UserId::new(user.0), UserId::new(owner.0));
    diesel::insert_into(merge_candidates::table)
        .values((
            merge_candidates::id.eq(DbId(id)),
            merge_candidates::open_platform.eq(platform),
            merge_candidates::union_id.eq(union_id),
            merge_candidates::user_id.eq(user),
            merge_candidates::union_user_id.eq(owner),
            merge_candidates::state.eq("open"),
            merge_candidates::created_at.eq(DbInstant::from(audit.at)),
        ))
        .execute(connection)?;
    Ok(())
}
