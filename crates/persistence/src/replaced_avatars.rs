//! Pictures without a user. The triggers of the database write the rows of those that a user had.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{ReplacedAvatar, ReplacedAvatars, StoreResult};
use domain::time::Timestamp;

use crate::database::Database;
use crate::schema::replaced_avatars;
use crate::types::DbInstant;

#[async_trait]
impl ReplacedAvatars for Database {
    async fn announce(&self, url: &str, due_at: Timestamp) -> StoreResult<()> {
        let url = url.to_owned();
        self.call(move |connection| {
            let row = (
                replaced_avatars::url.eq(&url),
                replaced_avatars::due_at.eq(DbInstant::from(due_at)),
            );
            diesel::insert_into(replaced_avatars::table)
                .values(row)
                .execute(connection)?;
            Ok(())
        })
        .await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<ReplacedAvatar>> {
        let rows = self.pool.run(move |connection| {
            let oldest = replaced_avatars::table
                .filter(replaced_avatars::due_at.le(DbInstant::from(now)))
                .order(replaced_avatars::id)
                .select((replaced_avatars::id, replaced_avatars::url))
                .limit(limit.into())
                .load::<(i64, String)>(connection)?;
            Ok(oldest)
        });
        let rows = rows.await?.into_iter();
        Ok(rows.map(|(id, url)| ReplacedAvatar { id, url }).collect())
    }

    async fn forget(&self, id: i64) -> StoreResult<()> {
        self.call(move |connection| {
            diesel::delete(replaced_avatars::table.find(id)).execute(connection)?;
            Ok(())
        })
        .await
    }
}
