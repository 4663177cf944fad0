//! Reading users and identities.

use diesel::prelude::*;
use domain::id::{AppId, OpenId};

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::schema::{identities, siblings, users};

/// When the user of the row last logged in, in any app.
#[diesel::dsl::auto_type]
pub(crate) fn last_login_at() -> _ {
    siblings
        .filter(siblings.field(identities::user_id).eq(users::id))
        .select(siblings.field(identities::last_login_at))
        .order(siblings.field(identities::last_login_at).desc())
        .single_value()
}

/// The sealed session_keys of an identity.
pub(crate) fn session_keys(
    connection: &mut AnyConnection,
    app: &AppId,
    user: &OpenId,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = identities::table
        .find((user.as_str(), app.as_str()))
        .select(identities::session_keys)
        .first(connection)
        .optional()?;
    Ok(row)
}
