//! The limit of sessions per user. Each function runs in a transaction.

use diesel::prelude::*;
use domain::id::UserId;
use domain::time::Timestamp;
use domain::user::Identity;

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::schema::{identities, sessions, users};
use crate::session_lifecycle::{dead, end_until, ended_until, live};
use crate::types::{DbId, DbInstant};

/// The most sessions that one login ends by their rows. There are more where the bound was lowered
/// or is new.
const ENDED_BY_ROW: u16 = 100;

/// The most dead sessions that one login removes: a few milliseconds.
const REMOVED_AT_ONCE: i64 = 1000;

/// Ends the oldest live sessions of a user, so that no more than `bound` are left, and removes
/// what is dead beyond as many, so that logins cannot fill the table. Then counts for the
/// next logins. Gives whether a session was ended.
pub(crate) fn keep(
    connection: &mut AnyConnection,
    user: UserId,
    identity: &Identity,
    bound: u32,
    at: Timestamp,
) -> DbResult<bool> {
    // (SQLite has one writer.)
    if let AnyConnection::Postgres(connection) = connection {
        // Deleting, merging and disabling lock the user before the identities, so this does as well.
        // PostgreSQL locks the user's row when a transaction changes an identity a second time.
        users::table
            .find(DbId(user.as_uuid()))
            .select(users::revision)
            .for_no_key_update()
            .load::<i32>(connection)?;
        // A login that is committed later than this counts itself on top of what it had loaded,
        // which is not less than what is counted here.
        identities::table
            .filter(identities::user_id.eq(DbId(user.as_uuid())))
            .order((identities::open_id, identities::app_id))
            .select(identities::revision)
            .for_update()
            .load::<i32>(connection)?;
    }
    let at = DbInstant::from(at);
    let until = ended_until(connection, user)?;
    let beyond = live(user, at, until)
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .offset(bound.into())
        .limit((ENDED_BY_ROW + 1).into())
        .select((sessions::id, sessions::created_at))
        .load::<(DbId, DbInstant)>(connection)?;
    match beyond.first() {
        Some((_, newest)) if beyond.len() > ENDED_BY_ROW.into() => {
            end_until(connection, user, *newest)?;
        }
        _ => {
            let ids = beyond.iter().map(|(id, _)| *id);
            let still_live = sessions::table
                .filter(sessions::id.eq_any(ids.collect::<Vec<_>>()))
                .filter(sessions::ended_at.is_null());
            diesel::update(still_live)
                .set(sessions::ended_at.eq(at))
                .execute(connection)?;
        }
    }
    let until = ended_until(connection, user)?;
    remove_dead(connection, user, at, until, bound)?;
    let count = live(user, at, until)
        .count()
        .get_result::<i64>(connection)?;
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    // One of the user's identities says how many sessions are live.
    let of_user = identities::user_id.eq(DbId(user.as_uuid()));
    diesel::update(identities::table.filter(of_user))
        .set(identities::sessions_opened.eq(0))
        .execute(connection)?;
    let key = (identity.open_id.as_str(), identity.app_id.as_str());
    diesel::update(identities::table.find(key).filter(of_user))
        .set(identities::sessions_opened.eq(count))
        .execute(connection)?;
    Ok(!beyond.is_empty())
}

fn remove_dead(
    connection: &mut AnyConnection,
    user: UserId,
    at: DbInstant,
    until: Option<DbInstant>,
    kept: u32,
) -> DbResult<()> {
    let removed = dead(user, at, until)
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .offset(kept.into())
        .limit(REMOVED_AT_ONCE)
        .select(sessions::id)
        .load::<DbId>(connection)?;
    if !removed.is_empty() {
        diesel::delete(sessions::table.filter(sessions::id.eq_any(removed))).execute(connection)?;
    }
    Ok(())
}
