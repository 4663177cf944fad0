//! Sessions whose identity has been deleted. They are dead: no session is found without its
//! identity. A deletion removes a first lot in its transaction, and the others are removed
//! afterwards, so that it does not take longer for a user with very many.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::id::UserId;

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::pool::Pool;
use crate::schema::{identities, sessions};
use crate::types::DbId;

/// How many are removed at once: some ten milliseconds.
const LOT: u16 = 1000;

#[diesel::dsl::auto_type]
pub(crate) fn is_stray() -> _ {
    let identity = identities::table
        .filter(identities::open_id.eq(sessions::open_id))
        .filter(identities::app_id.eq(sessions::app_id))
        .filter(identities::user_id.eq(sessions::user_id));
    not(exists(identity))
}

/// Removes a lot of a user's strays. Gives whether there may be more.
pub(crate) fn remove(connection: &mut AnyConnection, user: UserId) -> DbResult<bool> {
    let lot = sessions::table
        .filter(sessions::user_id.eq(DbId(user.as_uuid())))
        .filter(is_stray())
        .limit(LOT.into())
        .select(sessions::id)
        .load::<DbId>(connection)?;
    if !lot.is_empty() {
        diesel::delete(sessions::table.filter(sessions::id.eq_any(&lot))).execute(connection)?;
    }
    Ok(lot.len() == LOT.into())
}

/// Removes the others of a user's strays, in batches, without a waiting caller. What is left when
/// that fails or the process ends is removed by housekeeping.
pub(crate) fn remove_others(pool: &Pool, user: UserId) {
    let pool = pool.clone();
    tokio::spawn(async move {
        let mut lot = Ok(true);
        while let Ok(true) = lot {
            lot = pool.run(move |connection| remove(connection, user)).await;
        }
        if let Err(error) = lot {
            tracing::warn!(%error, "sessions of a deleted user are left to housekeeping");
        }
    });
}
