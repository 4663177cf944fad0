//! Deletes rows that are not needed any longer.

use diesel::prelude::*;
use domain::ports::StoreResult;
use domain::time::{self, Duration, Timestamp};
use uuid::Uuid;

use crate::database::Database;
use crate::schema::sessions;
use crate::store_clock;
use crate::strays::is_stray;
use crate::types::{DbId, DbInstant};

/// How many sessions are looked at in one statement.
const BATCH: i64 = 1000;

impl Database {
    /// Forgets the sessions that ended or expired longer than `kept` ago by the database's clock,
    /// a batch at a time, and gives how many there were. To be called now and then.
    pub async fn forget_dead_sessions(&self, kept: Duration) -> StoreResult<usize> {
        // By the database's clock: a replica whose own is ahead must not remove what lives.
        let now = self.pool.run(store_clock::now).await?;
        let before = time::before(now, kept);
        // A session that was dead before an instant was opened before it. Ids tell when.
        let (last, before) = (DbId(last_id_of(before)), DbInstant::from(before));
        let mut after = DbId(Uuid::nil());
        let mut forgotten = 0;
        loop {
            let batch = self.pool.run(move |connection| {
                // The last id of the batch; none if there are fewer.
                let end = sessions::table
                    .filter(sessions::id.gt(after))
                    .filter(sessions::id.le(last))
                    .order(sessions::id)
                    .offset(BATCH - 1)
                    .select(sessions::id);
                let end = end.first::<DbId>(connection).optional()?;
                let is_dead = sessions::expires_at.lt(before).or(sessions::ended_at
                    .is_not_null()
                    .and(sessions::ended_at.lt(before)));
                let dead = sessions::table
                    .filter(sessions::id.gt(after))
                    .filter(sessions::id.le(end.unwrap_or(last)))
                    .filter(is_dead.or(is_stray()));
                Ok((end, diesel::delete(dead).execute(connection)?))
            });
            let (end, count) = batch.await?;
            forgotten += count;
            match end {
                Some(end) => after = end,
                None => return Ok(forgotten),
            }
        }
    }
}

/// The greatest UUID of version 7 that was made up to an instant (RFC 9562, 5.7: it begins with
/// 48 bits of milliseconds since 1970).
fn last_id_of(at: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128((u128::from(milliseconds) << 80) | ((1 << 80) - 1))
}
