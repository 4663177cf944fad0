//! How sessions go on and end.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::{GenerationUse, RepositoryError, SessionLifecycle};
use domain::session::{Generation, ListedSession, SessionAccount};
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::pool::Pool;
use crate::rows::SessionRow;
use crate::schema::sessions as table;
use crate::sessions;
use crate::types::{DbId, DbInstant};

/// [`SessionLifecycle`] in Diesel.
#[derive(Clone)]
pub struct DieselSessionLifecycle {
    pub(crate) pool: Pool,
}

#[async_trait]
impl SessionLifecycle for DieselSessionLifecycle {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<GenerationUse, RepositoryError> {
        let used = self
            .pool
            .run(move |connection| use_generation(connection, id, generation, at, expires_at));
        Ok(used.await?)
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<ListedSession>, RepositoryError> {
        let listed = self
            .pool
            .run(move |connection| list(connection, user, Some(now)));
        Ok(listed.await?)
    }

    async fn end(
        &self,
        user: UserId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let ended = self
            .pool
            .run(move |connection| end(connection, user, id, at));
        Ok(ended.await?)
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<usize, RepositoryError> {
        let ended = self
            .pool
            .run(move |connection| end_all(connection, user, at));
        Ok(ended.await?)
    }
}

/// The user's sessions that are live at `now`, or all of them; the newest first.
pub(crate) fn list(
    connection: &mut AnyConnection,
    user: UserId,
    now: Option<Timestamp>,
) -> Result<Vec<ListedSession>, DatabaseError> {
    let rows = table::table
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .order((table::created_at.desc(), table::id.desc()))
        .select((
            (
                table::id,
                table::user_id,
                table::generation,
                table::created_at,
                table::expires_at,
                table::ended_at,
            ),
            table::app_id,
            table::last_used_at,
        ))
        .load::<(SessionRow, String, DbInstant)>(connection)?;
    let sessions = rows
        .into_iter()
        .map(|(session, app_id, last_used_at)| ListedSession {
            session: session.into(),
            app_id: AppId::new(app_id),
            last_used_at: last_used_at.into(),
        });
    let is_asked_for = |listed: &ListedSession| now.is_none_or(|now| listed.session.is_live(now));
    Ok(sessions.filter(is_asked_for).collect())
}

/// Ends the sessions of a user that are live at `at`.
pub(crate) fn end_all(
    connection: &mut AnyConnection,
    user: UserId,
    at: Timestamp,
) -> Result<usize, DatabaseError> {
    let at = DbInstant::from(at);
    let live = table::table
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(at));
    Ok(diesel::update(live)
        .set(table::ended_at.eq(at))
        .execute(connection)?)
}

fn end(
    connection: &mut AnyConnection,
    user: UserId,
    id: SessionId,
    at: Timestamp,
) -> Result<bool, DatabaseError> {
    let at = DbInstant::from(at);
    let live = table::table
        .find(DbId(id.as_uuid()))
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(at));
    let ended = diesel::update(live)
        .set(table::ended_at.eq(at))
        .execute(connection)?;
    Ok(ended > 0)
}

/// Reads the session and changes it if it is still as it was read, until one of the two settles
/// it. A change only ever raises the generation or ends the session, so that soon does.
fn use_generation(
    connection: &mut AnyConnection,
    id: SessionId,
    generation: Generation,
    at: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<GenerationUse, DatabaseError> {
    loop {
        let Some(mut account) = sessions::find(connection, id)? else {
            return Ok(GenerationUse::Ended);
        };
        if !account.session.is_live(at) || account.user.disabled_at.is_some() {
            return Ok(GenerationUse::Ended);
        }
        if generation < account.session.generation {
            if expires_at.is_none() {
                return Ok(GenerationUse::Live(Box::new(account)));
            }
            if end(connection, account.user.id, id, at)? {
                return Ok(GenerationUse::Replayed);
            }
        } else if carry_on(connection, &mut account, generation, at, expires_at)? {
            return Ok(GenerationUse::Live(Box::new(account)));
        }
    }
}

/// Writes what a use of `generation` changes, if anything. `false` if the session has changed
/// since it was read.
fn carry_on(
    connection: &mut AnyConnection,
    account: &mut SessionAccount,
    generation: Generation,
    at: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<bool, DatabaseError> {
    let session = &mut account.session;
    let read = table::table
        .find(DbId(session.id.as_uuid()))
        .filter(table::user_id.eq(DbId(session.user_id.as_uuid())))
        .filter(table::ended_at.is_null())
        .filter(table::generation.eq(as_column(session.generation)));
    let is_new = generation > session.generation;
    let expires_at = expires_at.unwrap_or(session.expires_at);
    if !is_new && expires_at == session.expires_at {
        return Ok(true);
    }
    let new = (
        table::generation.eq(as_column(generation)),
        table::expires_at.eq(DbInstant::from(expires_at)),
    );
    let written = if is_new {
        let last_used_at = table::last_used_at.eq(DbInstant::from(at));
        let changes = (new, last_used_at);
        diesel::update(read).set(changes).execute(connection)?
    } else {
        diesel::update(read).set(new).execute(connection)?
    };
    session.generation = generation;
    session.expires_at = expires_at;
    Ok(written > 0)
}

fn as_column(generation: Generation) -> i32 {
    i32::try_from(generation.number()).unwrap_or(i32::MAX)
}
