//! Reading sessions.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Nullable;
use domain::id::SessionId;
use domain::secret::SecretHash;
use domain::session::SessionAccount;
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::rows::{IdentityNames, SessionRow, UserRow, identity};
use crate::schema::{AllOf, identities, sessions, users};
use crate::types::{DbId, DbInstant, Instant};
use crate::visits::code_hour;

/// What [`account`] is made of: the session, its identity, its user, and when the user last logged
/// in.
pub(crate) type AccountRow = (SessionRow, IdentityNames, UserRow, Option<DbInstant>);

/// When the user of the row last logged in, in any app.
const LAST_LOGIN_AT: &str =
    "(SELECT max(l.last_login_at) FROM identities l WHERE l.user_id = users.id)";

type LastLoginAt = SqlLiteral<Nullable<Instant>>;

/// The session of this id.
pub(crate) fn find(
    connection: &mut AnyConnection,
    id: SessionId,
) -> Result<Option<SessionAccount>, DatabaseError> {
    // Without a LIMIT: SQLite prepares a statement anew whenever that is bound.
    let mut rows = accounts()
        .filter(sessions::id.eq(DbId(id.as_uuid())))
        .load::<AccountRow>(connection)?;
    Ok(rows.pop().map(account))
}

/// The sessions of these ids.
pub(crate) fn find_all(
    connection: &mut PgConnection,
    ids: impl IntoIterator<Item = SessionId>,
) -> Result<Vec<SessionAccount>, DatabaseError> {
    let ids: Vec<_> = ids.into_iter().map(|id| DbId(id.as_uuid())).collect();
    let rows = accounts()
        .filter(sessions::id.eq_any(ids))
        .load::<AccountRow>(connection)?;
    Ok(rows.into_iter().map(account).collect())
}

/// The session that was opened with this code and nonce at or after `since`.
pub(crate) fn find_repeated(
    connection: &mut AnyConnection,
    code: SecretHash,
    nonce: SecretHash,
    since: Timestamp,
) -> Result<Option<SessionAccount>, DatabaseError> {
    // The index is by the hour. Whoever asks looks back a minute or so, over one full hour at
    // most; a session from further ahead was opened by a replica whose clock is fast.
    let hour = code_hour(since);
    let row = accounts()
        .filter(sessions::code_hour.eq_any([hour, hour.saturating_add(1)]))
        .filter(sessions::code_hash.eq(code.as_bytes().as_slice()))
        .filter(sessions::nonce_hash.eq(nonce.as_bytes().as_slice()))
        .filter(sessions::created_at.ge(DbInstant::from(since)))
        .first::<AccountRow>(connection)
        .optional()?;
    Ok(row.map(account))
}

#[diesel::dsl::auto_type]
fn accounts() -> _ {
    let of_session = identities::open_id
        .eq(sessions::open_id)
        .and(identities::app_id.eq(sessions::app_id))
        // A session that its identity's deletion has left behind must not live again with the next.
        .and(identities::user_id.eq(sessions::user_id));
    let user: AllOf<users::table> = users::all_columns;
    let last_login_at: LastLoginAt = sql(LAST_LOGIN_AT);
    sessions::table
        .inner_join(identities::table.on(of_session))
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .select((
            (
                sessions::id,
                sessions::user_id,
                sessions::generation,
                sessions::created_at,
                sessions::last_used_at,
                sessions::expires_at,
                sessions::ended_at,
            ),
            (
                identities::app_id,
                identities::open_id,
                identities::union_id,
            ),
            user,
            last_login_at,
        ))
}

pub(crate) fn account((session, names, user, last_login_at): AccountRow) -> SessionAccount {
    SessionAccount {
        session: session.into_session(user.sessions_ended_until),
        user: user.into_user(last_login_at),
        identity: identity(names),
    }
}
