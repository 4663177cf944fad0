//! What a use of a token changes: all rules, for one use.

use diesel::prelude::*;
use diesel::sql_types::Integer;
use domain::ports::{GenerationUse, TokenUse};
use domain::session::{Generation, SessionAccount};

use super::NotedUse;
use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DbResult;
use crate::session_lifecycle::end;
use crate::sessions;
use crate::statement::{Prepared, statement, value};
use crate::types::{DbId, DbInstant, Id, Instant};

/// Changes the session if it is still as it was found, or else as it is found then, until one of
/// the two settles it. A change only ever raises the generation or ends the session, so that soon
/// does.
pub(super) fn note(
    connection: &mut AnyConnection,
    used: &NotedUse,
    mut found: Option<Box<SessionAccount>>,
) -> DbResult<GenerationUse> {
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
) -> DbResult<Option<GenerationUse>> {
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
) -> DbResult<bool> {
    let session = &mut account.session;
    let expires_at = used.expires_at().unwrap_or(session.expires_at);
    if used.generation == session.generation && expires_at == session.expires_at {
        return Ok(true);
    }
    let change = Prepared::<CarryOn, AnyBackend>::new(vec![
        value::<Integer, _, _>(as_column(used.generation)),
        value::<Instant, _, _>(DbInstant::from(used.at)),
        value::<Instant, _, _>(DbInstant::from(expires_at)),
        value::<Id, _, _>(DbId(session.id.as_uuid())),
        value::<Id, _, _>(DbId(session.user_id.as_uuid())),
        value::<Integer, _, _>(as_column(session.generation)),
    ]);
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

statement! {
    /// The update of a session that has not changed since it was found.
    CarryOn = "
UPDATE sessions
SET last_used_at = CASE WHEN generation < $1 THEN $2 ELSE last_used_at END,
    generation = $1, expires_at = $3
WHERE id = $4 AND user_id = $5 AND ended_at IS NULL AND generation = $6"
}
