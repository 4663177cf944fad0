//! Reads identities.

use diesel::prelude::*;
use domain::id::{AppId, OpenId};

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::schema::identities;

/// The sealed session_keys of an identity.
pub(crate) fn session_keys(
    connection: &mut AnyConnection,
    app: &AppId,
    user: &OpenId,
) -> DbResult<Option<Vec<u8>>> {
    let row = identities::table
        .find((user.as_str(), app.as_str()))
        .select(identities::session_keys)
        .first(connection)
        .optional()?;
    Ok(row)
}
