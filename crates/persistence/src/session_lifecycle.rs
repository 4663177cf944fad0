//! How sessions go on and end.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::{GenerationUse, RepositoryError, SessionLifecycle, TokenUse};
use domain::session::{Generation, ListedSession};
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::group_commit::GroupCommit;
use crate::pool::Pool;
use crate::rows::SessionRow;
use crate::schema::sessions as table;
use crate::token_uses::{NotedUse, TokenUses};
use crate::transaction::repeated;
use crate::types::{DbId, DbInstant};

/// [`SessionLifecycle`] in Diesel.
#[derive(Clone)]
pub struct DieselSessionLifecycle {
    pub(crate) pool: Pool,
    pub(crate) token_uses: Arc<GroupCommit<TokenUses>>,
}

#[async_trait]
impl SessionLifecycle for DieselSessionLifecycle {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> Result<GenerationUse, RepositoryError> {
        let used = NotedUse {
            session: id,
            generation,
            at,
            token,
        };
        self.token_uses.write(used).await
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
        let ended = self.pool.run(move |connection| {
            Ok(end(connection, user, id, at)? || has_ended(connection, user, id, at)?)
        });
        Ok(ended.await?)
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<usize, RepositoryError> {
        let ended = self
            .pool
            .run(move |connection| repeated(connection, |one| end_all(one, user, at)));
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
                table::last_used_at,
                table::expires_at,
                table::ended_at,
            ),
            table::app_id,
        ))
        .load::<(SessionRow, String)>(connection)?;
    let sessions = rows.into_iter().map(|(session, app_id)| ListedSession {
        session: session.into(),
        app_id: AppId::new(app_id),
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

/// Ends a session of a user if it is live at `at`. `false` if it is not.
pub(crate) fn end(
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

/// Whether a session of a user ended at `at` exactly: by a call that is repeated because its
/// answer was lost.
fn has_ended(
    connection: &mut AnyConnection,
    user: UserId,
    id: SessionId,
    at: Timestamp,
) -> Result<bool, DatabaseError> {
    let ended = table::table
        .find(DbId(id.as_uuid()))
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .filter(table::ended_at.eq(DbInstant::from(at)));
    Ok(diesel::select(exists(ended)).get_result(connection)?)
}
