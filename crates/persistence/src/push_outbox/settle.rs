//! Records the result of sending a message. [`delivered`] and [`failed`] are one statement each; the
//! others run in a transaction.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text};
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId};
use domain::time::{Duration, before};
use uuid::Uuid;

use super::user_hash;
use crate::audit;
use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DatabaseError;
use crate::schema::push_messages;
use crate::statement::{Prepared, Statement, value};
use crate::store_clock::{later_by, now, now_of};
use crate::types::{DbId, DbInstant, Id};

/// Nothing of the message stays but that it was delivered, and what was answered.
pub(super) fn delivered(
    connection: &mut AnyConnection,
    id: Uuid,
    answer: Option<&[u8]>,
) -> Result<(), DatabaseError> {
    let parameters = vec![
        value::<Nullable<Binary>, _, _>(answer),
        now_of(connection),
        value::<Id, _, _>(DbId(id)),
    ];
    Prepared::<Delivered, AnyBackend>::new(parameters).execute(connection)?;
    Ok(())
}

struct Delivered;

impl Statement for Delivered {
    const SQL: &'static str = "
UPDATE push_messages
SET state = 'delivered', payload = NULL, user_hash = NULL, answer = $1, claimed_until = NULL,
    last_error = NULL, settled_at = $2
WHERE id = $3 AND state = 'waiting'";
}

pub(super) fn failed(
    connection: &mut AnyConnection,
    id: Uuid,
    attempt: u32,
    error: &str,
    pause: Duration,
) -> Result<(), DatabaseError> {
    let parameters = vec![
        later_by(pause, connection),
        value::<Text, _, _>(error),
        value::<Id, _, _>(DbId(id)),
        value::<Integer, _, _>(i32::try_from(attempt).unwrap_or(i32::MAX)),
    ];
    Prepared::<Failed, AnyBackend>::new(parameters).execute(connection)?;
    Ok(())
}

struct Failed;

impl Statement for Failed {
    const SQL: &'static str = "
UPDATE push_messages
SET next_attempt_at = $1, claimed_until = NULL, last_error = $2
WHERE id = $3 AND state = 'waiting' AND attempts = $4";
}

/// An attempt that is under way is left alone; the message is due when it has failed.
pub(super) fn retry(
    connection: &mut AnyConnection,
    id: Uuid,
    audit: &AuditEntry,
) -> Result<Option<bool>, DatabaseError> {
    let now = now(connection)?;
    let state = push_messages::table
        .find(DbId(id))
        .select(push_messages::state)
        .first::<String>(connection)
        .optional()?;
    match state.as_deref() {
        None => return Ok(None),
        Some("waiting") => {}
        Some(_) => return Ok(Some(false)),
    }
    let waiting = push_messages::table
        .find(DbId(id))
        .filter(push_messages::state.eq("waiting"));
    let due = diesel::update(waiting)
        .set(push_messages::next_attempt_at.eq(DbInstant::from(now)))
        .execute(connection)?;
    if due == 0 {
        return Ok(Some(false));
    }
    audit::record(connection, audit)?;
    Ok(Some(true))
}

pub(super) fn expire(
    connection: &mut AnyConnection,
    patience: Duration,
    kept: Duration,
) -> Result<usize, DatabaseError> {
    let now = now(connection)?;
    let too_old = push_messages::table
        .filter(push_messages::state.eq("waiting"))
        .filter(push_messages::received_at.lt(DbInstant::from(before(now, patience))));
    let expired = diesel::update(too_old)
        .set((
            push_messages::state.eq("expired"),
            push_messages::payload.eq(None::<Vec<u8>>),
            push_messages::user_hash.eq(None::<Vec<u8>>),
            push_messages::claimed_until.eq(None::<DbInstant>),
            push_messages::settled_at.eq(Some(DbInstant::from(now))),
        ))
        .execute(connection)?;
    let settled = push_messages::table
        .filter(push_messages::state.ne("waiting"))
        .filter(push_messages::settled_at.lt(DbInstant::from(before(now, kept))));
    diesel::delete(settled).execute(connection)?;
    Ok(expired)
}

/// Removes the waiting messages about a user who is being deleted.
pub(crate) fn forget_user(
    connection: &mut AnyConnection,
    app: &AppId,
    user: &OpenId,
) -> Result<(), DatabaseError> {
    let of_user = push_messages::table.filter(push_messages::user_hash.eq(user_hash(app, user)));
    diesel::delete(of_user).execute(connection)?;
    Ok(())
}
