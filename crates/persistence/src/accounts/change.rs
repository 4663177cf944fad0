//! Changing accounts. Each function runs in a transaction.
//!
//! Every change of a user's row raises its revision, so that a login in progress, which writes the
//! profile it has read and learnt to, reads it again first.

use diesel::prelude::*;
use domain::account::Account;
use domain::audit::AuditEntry;
use domain::id::UserId;
use domain::profile::{Profile, ProfileEdit};
use domain::time::Timestamp;
use domain::user::User;

use super::find::find;
use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::rows::ProfileRow;
use crate::schema::{identities, users};
use crate::transaction::lock_user;
use crate::types::{DbId, DbInstant};
use crate::{audit, bans, session_lifecycle};

pub(super) fn edit_profile(
    connection: &mut AnyConnection,
    id: UserId,
    edit: &ProfileEdit,
) -> DbResult<Option<User>> {
    if !lock_user(connection, id)? {
        return Ok(None);
    }
    let user = users::table.find(DbId(id.as_uuid()));
    let mut profile = user
        .select(ProfileRow::as_select())
        .first(connection)
        .map(Profile::from)?;
    profile.apply(edit.clone());
    diesel::update(user)
        .set((
            ProfileRow::from(profile),
            users::revision.eq(users::revision + 1),
        ))
        .execute(connection)?;
    Ok(find(connection, id)?.map(|account| account.user))
}

pub(super) fn set_phone(
    connection: &mut AnyConnection,
    id: UserId,
    phone: &str,
) -> DbResult<Option<User>> {
    diesel::update(users::table.find(DbId(id.as_uuid())))
        .set((
            users::phone.eq(phone),
            users::revision.eq(users::revision + 1),
        ))
        .execute(connection)?;
    Ok(find(connection, id)?.map(|account| account.user))
}

pub(super) fn set_disabled(
    connection: &mut AnyConnection,
    id: UserId,
    disabled_at: Option<Timestamp>,
    audit: &AuditEntry,
) -> DbResult<Option<Account>> {
    if !lock_user(connection, id)? {
        return Ok(None);
    }
    let user = users::table.find(DbId(id.as_uuid()));
    let revision = users::revision.eq(users::revision + 1);
    match disabled_at.map(DbInstant::from) {
        None => {
            let enabled = users::disabled_at.eq(None::<DbInstant>);
            diesel::update(user)
                .set((enabled, revision))
                .execute(connection)?;
            bans::lift_all_of(connection, id)?;
        }
        Some(at) => {
            // Since when they were, if they already are.
            diesel::update(user.filter(users::disabled_at.is_null()))
                .set((users::disabled_at.eq(at), revision))
                .execute(connection)?;
        }
    }
    start_logins_anew(connection, id)?;
    if let Some(at) = disabled_at {
        // Last: a login that was faster than the line before has its session by now.
        session_lifecycle::end_all(connection, id, at)?;
    }
    audit::record(connection, audit)?;
    find(connection, id)
}

pub(super) fn end_sessions(
    connection: &mut AnyConnection,
    id: UserId,
    at: Timestamp,
    audit: &AuditEntry,
) -> DbResult<Option<usize>> {
    if !lock_user(connection, id)? {
        return Ok(None);
    }
    let ended = session_lifecycle::end_all(connection, id, at)?;
    audit::record(connection, audit)?;
    Ok(Some(ended))
}

/// Lets no login of this user be stored that has been planned upon how the user was.
fn start_logins_anew(connection: &mut AnyConnection, id: UserId) -> DbResult<()> {
    diesel::update(identities::table.filter(identities::user_id.eq(DbId(id.as_uuid()))))
        .set(identities::revision.eq(identities::revision + 1))
        .execute(connection)?;
    Ok(())
}
