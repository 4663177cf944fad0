//! Uses of tokens, which carry their sessions on from generation to generation; many at a time.
//!
//! On SQLite a batch is one transaction. On PostgreSQL one statement writes all uses that simply
//! go on; the few others (replays, sessions that have ended, uses that change nothing) are then
//! settled one by one.

mod postgres;
mod rules;

use std::hash::Hash;

use domain::id::SessionId;
use domain::ports::{GenerationUse, TokenUse};
use domain::session::{Generation, SessionAccount};
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::group_commit::Batched;
use crate::sessions;
use crate::transaction::transaction;

/// A token of a generation is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotedUse {
    pub(crate) session: SessionId,
    pub(crate) generation: Generation,
    pub(crate) at: Timestamp,
    pub(crate) token: TokenUse,
}

impl NotedUse {
    /// When the session expires from now on; `None` if the use does not say.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.token {
            TokenUse::Access => None,
            TokenUse::Refresh { expires_at, .. } => Some(expires_at),
        }
    }
}

/// Uses of tokens are noted. One that is noted twice is a use by two requests at once: the answer is the same.
#[derive(Clone)]
pub(crate) struct TokenUses;

impl Batched for TokenUses {
    type Item = NotedUse;
    type Outcome = GenerationUse;

    const NAME: &'static str = "token uses";

    fn key(used: &NotedUse) -> impl Hash {
        used.session.as_uuid()
    }

    fn write(
        &self,
        connection: &mut AnyConnection,
        uses: &[&NotedUse],
    ) -> DbResult<Vec<GenerationUse>> {
        let noted = match connection {
            AnyConnection::Postgres(connection) => postgres::note(connection, uses)?,
            AnyConnection::Sqlite(_) => {
                return transaction(connection, |connection| {
                    let noted = uses.iter().map(|used| {
                        let found = sessions::find(connection, used.session)?;
                        rules::note(connection, used, found.map(Box::new))
                    });
                    noted.collect()
                });
            }
        };
        let uses = uses.iter().zip(noted);
        let outcomes = uses.map(|(used, noted)| match noted {
            Noted::Written(account) => Ok(GenerationUse::Live(account)),
            Noted::NotYet(found) => rules::note(connection, used, found),
        });
        outcomes.collect()
    }
}

/// What became of a use in the statement for all.
enum Noted {
    /// The session goes on.
    Written(Box<SessionAccount>),
    /// The statement was not for it. This is the session as it was found afterwards.
    NotYet(Option<Box<SessionAccount>>),
}
