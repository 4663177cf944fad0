//! Claims messages to send. Each function runs in a transaction.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::time::Duration;
use uuid::Uuid;

use super::in_a_while;
use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::schema::push_messages;
use crate::store_clock::now;
use crate::types::{DbId, DbInstant};

/// A message as it is to be stored.
pub(super) struct NewRow {
    pub(super) id: Uuid,
    pub(super) app_id: String,
    pub(super) event: String,
    pub(super) repeat_key: [u8; 32],
    pub(super) user_hash: Option<Vec<u8>>,
    pub(super) payload: Vec<u8>,
}

/// What was there in place of a new message.
pub(super) enum Found {
    Nothing,
    UnderWay,
    Settled { id: Uuid, answer: Option<Vec<u8>> },
}

/// Stores a message and claims it. (If two replicas do so at once, the unique index refuses one, and
/// its transaction is repeated.)
pub(super) fn take(
    connection: &mut AnyConnection,
    row: &NewRow,
    lease: Duration,
) -> Result<Found, DatabaseError> {
    let now = now(connection)?;
    let known = push_messages::table
        .filter(push_messages::app_id.eq(&row.app_id))
        .filter(push_messages::repeat_key.eq(row.repeat_key.as_slice()))
        .select((
            push_messages::id,
            push_messages::state,
            push_messages::attempts,
            push_messages::claimed_until,
            push_messages::answer,
        ))
        .first::<(DbId, String, i32, Option<DbInstant>, Option<Vec<u8>>)>(connection)
        .optional()?;
    if let Some((id, state, attempts, claimed_until, answer)) = known {
        // After a lost connection the row may be this call's own.
        if id.0 == row.id && attempts == 1 && state == "waiting" {
            return Ok(Found::Nothing);
        }
        let is_first_attempt = attempts == 1 && state == "waiting";
        let is_claimed = claimed_until.is_some_and(|until| until > DbInstant::from(now));
        if is_first_attempt && is_claimed {
            return Ok(Found::UnderWay);
        }
        return Ok(Found::Settled { id: id.0, answer });
    }
    diesel::insert_into(push_messages::table)
        .values((
            push_messages::id.eq(DbId(row.id)),
            push_messages::app_id.eq(&row.app_id),
            push_messages::repeat_key.eq(row.repeat_key.as_slice()),
            push_messages::event.eq(&row.event),
            push_messages::user_hash.eq(&row.user_hash),
            push_messages::payload.eq(Some(&row.payload)),
            push_messages::state.eq("waiting"),
            push_messages::attempts.eq(1),
            push_messages::received_at.eq(DbInstant::from(now)),
            push_messages::next_attempt_at.eq(in_a_while(now, lease)),
            push_messages::claimed_until.eq(Some(in_a_while(now, lease))),
        ))
        .execute(connection)?;
    Ok(Found::Nothing)
}

/// Whether anything waits that is due.
pub(super) fn is_any_due(connection: &mut AnyConnection) -> Result<bool, DatabaseError> {
    let now = now(connection)?;
    let due = push_messages::table
        .filter(push_messages::state.eq("waiting"))
        .filter(push_messages::next_attempt_at.le(DbInstant::from(now)));
    Ok(diesel::select(exists(due)).get_result(connection)?)
}

/// Id, app, event, attempts and payload.
type Claimable = (DbId, String, String, i32, Vec<u8>);

/// A message that the caller may send.
pub(super) struct DueRow {
    pub(super) id: Uuid,
    pub(super) app_id: String,
    pub(super) event: String,
    pub(super) attempt: u32,
    pub(super) payload: Vec<u8>,
}

/// Claims what is due and not claimed. On PostgreSQL rows that another replica is
/// claiming are skipped; SQLite has one writer.
pub(super) fn claim_due(
    connection: &mut AnyConnection,
    limit: u32,
    lease: Duration,
) -> Result<Vec<DueRow>, DatabaseError> {
    let now = now(connection)?;
    let due = push_messages::table
        .filter(push_messages::state.eq("waiting"))
        .filter(push_messages::next_attempt_at.le(DbInstant::from(now)))
        .filter(
            push_messages::claimed_until
                .is_null()
                .or(push_messages::claimed_until.le(DbInstant::from(now))),
        )
        .order(push_messages::next_attempt_at)
        .limit(limit.into())
        .select((
            push_messages::id,
            push_messages::app_id,
            push_messages::event,
            push_messages::attempts,
            push_messages::payload.assume_not_null(),
        ));
    let rows: Vec<Claimable> = match connection {
        AnyConnection::Postgres(connection) => due.for_update().skip_locked().load(connection)?,
        AnyConnection::Sqlite(connection) => due.load(connection)?,
    };
    let mut claimed = Vec::with_capacity(rows.len());
    for (id, app_id, event, attempts, payload) in rows {
        let attempt = attempts.saturating_add(1);
        diesel::update(push_messages::table.find(id))
            .set((
                push_messages::attempts.eq(attempt),
                push_messages::claimed_until.eq(Some(in_a_while(now, lease))),
            ))
            .execute(connection)?;
        claimed.push(DueRow {
            id: id.0,
            app_id,
            event,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            payload,
        });
    }
    Ok(claimed)
}
