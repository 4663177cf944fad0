//! Claims messages to send.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use domain::id::AppId;
use domain::push::{DuePush, Taken};
use domain::time::{Duration, after};

use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DbResult;
use crate::schema::push_messages;
use crate::statement::{Prepared, statement, value};
use crate::store_clock::{later_by, now, now_of};
use crate::types::{DbId, DbInstant, Id};

pub(super) struct NewRow {
    pub(super) id: DbId,
    pub(super) app_id: String,
    pub(super) event: String,
    pub(super) repeat_key: [u8; 32],
    pub(super) user_hash: Option<Vec<u8>>,
    pub(super) payload: Vec<u8>,
}

/// Stores a message and claims it, in one statement, unless it is there already: then
/// gives that one, with its answer sealed.
pub(super) fn take(
    connection: &mut AnyConnection,
    row: &NewRow,
    lease: Duration,
) -> DbResult<(DbId, Taken)> {
    loop {
        let columns = vec![
            value::<Id, _, _>(row.id),
            value::<Text, _, _>(row.app_id.as_str()),
            value::<Binary, _, _>(row.repeat_key.as_slice()),
            value::<Text, _, _>(row.event.as_str()),
            value::<Nullable<Binary>, _, _>(row.user_hash.as_deref()),
            value::<Binary, _, _>(row.payload.as_slice()),
            now_of(connection),
            later_by(lease, connection),
        ];
        if Prepared::<Take, AnyBackend>::new(columns).execute(connection)? > 0 {
            return Ok((row.id, Taken::New));
        }
        // `None` if it has expired since.
        if let Some(found) = find(connection, row)? {
            return Ok(found);
        }
    }
}

/// What became of a message that is there.
fn find(connection: &mut AnyConnection, row: &NewRow) -> DbResult<Option<(DbId, Taken)>> {
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
    let Some((id, state, attempts, claimed_until, answer)) = known else {
        return Ok(None);
    };
    let is_first_attempt = attempts == 1 && state == "waiting";
    let now = DbInstant::from(now(connection)?);
    let taken = match answer {
        // After a lost connection the row may be this call's own.
        _ if is_first_attempt && id == row.id => Taken::New,
        _ if is_first_attempt && claimed_until.is_some_and(|until| until > now) => Taken::UnderWay,
        Some(sealed) => Taken::Answered(sealed),
        None => Taken::Stored,
    };
    Ok(Some((id, taken)))
}

statement! {
    Take = "
INSERT INTO push_messages (id, app_id, repeat_key, event, user_hash, payload, state, attempts,
                           received_at, next_attempt_at, claimed_until)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 1, $7, $8, $8)
ON CONFLICT DO NOTHING"
}

pub(super) fn is_any_due(connection: &mut AnyConnection) -> DbResult<bool> {
    let now = now(connection)?;
    let due = push_messages::table
        .filter(push_messages::state.eq("waiting"))
        .filter(push_messages::next_attempt_at.le(DbInstant::from(now)));
    Ok(diesel::select(exists(due)).get_result(connection)?)
}

/// Id, app, event, attempts and payload.
type Claimable = (DbId, String, String, i32, Vec<u8>);

/// Claims what is due and not claimed, in a transaction, with its body sealed. On PostgreSQL rows that another replica is
/// claiming are skipped; SQLite has one writer.
pub(super) fn claim_due(
    connection: &mut AnyConnection,
    limit: u32,
    lease: Duration,
) -> DbResult<Vec<DuePush>> {
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
    let until = DbInstant::from(after(now, lease));
    let mut claimed = Vec::with_capacity(rows.len());
    for (id, app_id, event, attempts, payload) in rows {
        let attempt = attempts.saturating_add(1);
        diesel::update(push_messages::table.find(id))
            .set((
                push_messages::attempts.eq(attempt),
                push_messages::claimed_until.eq(Some(until)),
            ))
            .execute(connection)?;
        claimed.push(DuePush {
            id: id.0,
            app: AppId::new(app_id),
            event,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            body: payload,
        });
    }
    Ok(claimed)
}
