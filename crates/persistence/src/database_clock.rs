//! The clock of the database, which all replicas share.

use diesel::dsl::sql;
use diesel::prelude::*;
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::types::{DbInstant, Instant};

/// The present instant.
pub(crate) fn now(connection: &mut AnyConnection) -> Result<Timestamp, DatabaseError> {
    let now = sql::<Instant>(match connection {
        AnyConnection::Postgres(_) => "clock_timestamp()",
        AnyConnection::Sqlite(_) => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    });
    Ok(diesel::select(now)
        .get_result::<DbInstant>(connection)?
        .into())
}
