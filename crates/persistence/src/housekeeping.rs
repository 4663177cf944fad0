//! Deletes rows that are not needed any longer.

use diesel::prelude::*;
use domain::time::{self, Duration, Timestamp};
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::error::DbResult;
use crate::pool::Pool;
use crate::schema::sessions;
use crate::store_clock;
use crate::strays::is_stray;
use crate::types::{DbId, DbInstant};

/// How many sessions are looked at in one statement.
const BATCH: i64 = 1000;

pub(crate) async fn forget_dead_sessions(pool: &Pool, kept: Duration) -> DbResult<usize> {
    // By the database's clock: a replica whose own is ahead must not remove what lives.
    let now = pool.run(store_clock::now).await?;
    let before = time::before(now, kept);
    // A session that was dead before an instant was opened before it. Ids tell when.
    let last = DbId(last_id_of(before));
    let mut after = DbId(Uuid::nil());
    let mut forgotten = 0;
    loop {
        let batch = pool.run(move |connection| {
            let end = end_of_batch(connection, after, last)?;
            let count = forget(connection, after, end.unwrap_or(last), before)?;
            Ok((end, count))
        });
        let (end, count) = batch.await?;
        forgotten += count;
        match end {
            Some(end) => after = end,
            None => return Ok(forgotten),
        }
    }
}

/// The last id of the batch after `after`; `None` if there are fewer up to `last`.
fn end_of_batch(connection: &mut AnyConnection, after: DbId, last: DbId) -> DbResult<Option<DbId>> {
    let end = sessions::table
        .filter(sessions::id.gt(after))
        .filter(sessions::id.le(last))
        .order(sessions::id)
        .offset(BATCH - 1)
        .select(sessions::id);
    Ok(end.first(connection).optional()?)
}

fn forget(
    connection: &mut AnyConnection,
    after: DbId,
    end: DbId,
    before: Timestamp,
) -> DbResult<usize> {
    let before = DbInstant::from(before);
    let is_dead = sessions::expires_at.lt(before).or(sessions::ended_at
        .is_not_null()
        .and(sessions::ended_at.lt(before)));
    let dead = sessions::table
        .filter(sessions::id.gt(after))
        .filter(sessions::id.le(end))
        .filter(is_dead.or(is_stray()));
    Ok(diesel::delete(dead).execute(connection)?)
}

/// The greatest UUID of version 7 that was made up to an instant (RFC 9562, 5.7: it begins with
/// 48 bits of milliseconds since 1970).
fn last_id_of(at: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128((u128::from(milliseconds) << 80) | ((1 << 80) - 1))
}
