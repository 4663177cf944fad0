//! What a use of a token changes: all rules, for one use.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Integer;
use domain::ports::{GenerationUse, TokenUse};
use domain::session::{Generation, SessionAccount};

use super::NotedUse;
use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DatabaseError;
use crate::session_lifecycle::end;
use crate::sessions;
use crate::types::{DbId, DbInstant, Id, Instant};

/// Notes a use of the session as it is in the database.
pub(super) fn note(
    connection: &mut AnyConnection,
    used: &NotedUse,
) -> Result<GenerationUse, DatabaseError> {
    let found = sessions::find(connection, used.session)?;
    note_found(connection, used, found.map(Box::new))
}

/// Changes the session if it is still as it was found, or else as it is found then, until one of
/// the two settles it. A change only ever raises the generation or ends the session, so that soon
/// does.
pub(super) fn note_found(
    connection: &mut AnyConnection,
    used: &NotedUse,
    mut found: Option<Box<SessionAccount>>,
) -> Result<GenerationUse, DatabaseError> {
    loop {
        if let Some(outcome) = settle(connection, used, found)? {
            return Ok(outcome);
        }
        found = sessions::find(connection, used.session)?.map(Box::new);
    }
}

/// Does what is to be done with a session that was found. `None` if it has changed since.
fn settle(
    connection: &mut AnyConnection,
    used: &NotedUse,
    found: Option<Box<SessionAccount>>,
) -> Result<Option<GenerationUse>, DatabaseError> {
    let Some(mut account) = found else {
        return Ok(Some(GenerationUse::Ended));
    };
    if !account.session.is_live(used.at) || account.user.disabled_at.is_some() {
        return Ok(Some(GenerationUse::Ended));
    }
    let is_old = used.generation < account.session.generation;
    if is_old && is_replay(&account, used) {
        let is_ended = end(connection, account.user.id, used.session, used.at)?;
        return Ok(is_ended.then_some(GenerationUse::Replayed));
    }
    let is_noted = is_old || carry_on(connection, &mut account, used)?;
    Ok(is_noted.then_some(GenerationUse::Live(account)))
}

/// Whether the use of a token whose successor has been used must end the session.
fn is_replay(account: &SessionAccount, used: &NotedUse) -> bool {
    let session = &account.session;
    match used.token {
        TokenUse::Access => false,
        TokenUse::Refresh { grace, .. } => !session.is_in_grace(used.generation, used.at, grace),
    }
}

/// Writes what the use changes, if anything. `false` if the session has changed since it was
/// found.
fn carry_on(
    connection: &mut AnyConnection,
    account: &mut SessionAccount,
    used: &NotedUse,
) -> Result<bool, DatabaseError> {
    let session = &mut account.session;
    let expires_at = used.expires_at().unwrap_or(session.expires_at);
    if used.generation == session.generation && expires_at == session.expires_at {
        return Ok(true);
    }
    let change = CarryOn {
        id: DbId(session.id.as_uuid()),
        user_id: DbId(session.user_id.as_uuid()),
        found_generation: as_column(session.generation),
        generation: as_column(used.generation),
        used_at: used.at.into(),
        expires_at: expires_at.into(),
    };
    if session.generation < used.generation {
        session.last_used_at = used.at;
    }
    session.generation = used.generation;
    session.expires_at = expires_at;
    Ok(change.execute(connection)? > 0)
}

/// How a generation is stored.
pub(super) fn as_column(generation: Generation) -> i32 {
    i32::try_from(generation.number()).unwrap_or(i32::MAX)
}

/// The update of a session that has not changed since it was found. Diesel's own updates are
/// prepared each time; this one is prepared once a connection.
#[derive(QueryId)]
struct CarryOn {
    id: DbId,
    user_id: DbId,
    found_generation: i32,
    generation: i32,
    used_at: DbInstant,
    expires_at: DbInstant,
}

impl RunQueryDsl<AnyConnection> for CarryOn {}

impl QueryFragment<AnyBackend> for CarryOn {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, AnyBackend>) -> QueryResult<()> {
        out.push_sql("UPDATE sessions SET last_used_at = CASE WHEN generation < ");
        out.push_bind_param::<Integer, _>(&self.generation)?;
        out.push_sql(" THEN ");
        out.push_bind_param::<Instant, _>(&self.used_at)?;
        out.push_sql(" ELSE last_used_at END, generation = ");
        out.push_bind_param::<Integer, _>(&self.generation)?;
        out.push_sql(", expires_at = ");
        out.push_bind_param::<Instant, _>(&self.expires_at)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Id, _>(&self.id)?;
        out.push_sql(" AND user_id = ");
        out.push_bind_param::<Id, _>(&self.user_id)?;
        out.push_sql(" AND ended_at IS NULL AND generation = ");
        out.push_bind_param::<Integer, _>(&self.found_generation)
    }
}
