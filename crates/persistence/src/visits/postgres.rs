//! A batch on PostgreSQL: one statement loads (two more for first logins), one writes.
//!
//! Both take lists, so their text does not depend on how many visits there are, and PostgreSQL
//! prepares it once a connection. The write is a transaction of its own: no BEGIN, no COMMIT, no
//! locks held while we plan. It fails as a whole, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded.

mod parts;
mod write;

use diesel::prelude::*;

use super::batch_rows::BatchRows;
use write::WriteBatch;

pub(super) fn write(connection: &mut PgConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    if rows.sessions.is_empty() {
        return Ok(());
    }
    WriteBatch::of(rows).execute(connection).map(drop)
}
