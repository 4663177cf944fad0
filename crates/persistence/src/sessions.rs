//! Reading sessions.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::id::SessionId;
use domain::ports::{SessionRepository, StoreResult};
use domain::secret::SecretHash;
use domain::session::SessionAccount;
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::rows::AccountRow;
use crate::schema::{identities, sessions, users};
use crate::types::{DbId, DbInstant};
use crate::visits::code_hour;

#[async_trait]
impl SessionRepository for Database {
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>> {
        self.call(move |connection| find(connection, id)).await
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>> {
        self.call(move |connection| find_repeated(connection, code, nonce, since))
            .await
    }
}

pub(crate) fn find(
    connection: &mut AnyConnection,
    id: SessionId,
) -> DbResult<Option<SessionAccount>> {
    // Without a LIMIT: SQLite prepares a statement anew whenever that is bound.
    let mut rows = with_accounts()
        .filter(sessions::id.eq(DbId(id.as_uuid())))
        .select(AccountRow::as_select())
        .load(connection)?;
    Ok(rows.pop().map(Into::into))
}

pub(crate) fn find_all(
    connection: &mut PgConnection,
    ids: impl IntoIterator<Item = SessionId>,
) -> DbResult<Vec<SessionAccount>> {
    let ids: Vec<_> = ids.into_iter().map(|id| DbId(id.as_uuid())).collect();
    let rows = with_accounts()
        .filter(sessions::id.eq_any(ids))
        .select(AccountRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The session that was opened with this code and nonce at or after `since`.
fn find_repeated(
    connection: &mut AnyConnection,
    code: SecretHash,
    nonce: SecretHash,
    since: Timestamp,
) -> DbResult<Option<SessionAccount>> {
    // The index is by the hour. A lookup goes back a minute or so, over one full hour at
    // most; a session from further ahead was opened by a replica whose clock is fast.
    let hour = code_hour(since);
    let row = with_accounts()
        .filter(sessions::code_hour.eq_any([hour, hour.saturating_add(1)]))
        .filter(sessions::code_hash.eq(code.as_bytes().as_slice()))
        .filter(sessions::nonce_hash.eq(nonce.as_bytes().as_slice()))
        .filter(sessions::created_at.ge(DbInstant::from(since)))
        .select(AccountRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map(Into::into))
}

#[diesel::dsl::auto_type]
fn with_accounts() -> _ {
    let of_session = identities::open_id
        .eq(sessions::open_id)
        .and(identities::app_id.eq(sessions::app_id))
        // A session that its identity's deletion has left behind must not live again with the next.
        .and(identities::user_id.eq(sessions::user_id));
    sessions::table
        .inner_join(identities::table.on(of_session))
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
}
