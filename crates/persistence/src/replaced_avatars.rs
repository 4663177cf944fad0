//! Pictures that no user has any more. The triggers of the database write the rows.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{ReplacedAvatar, ReplacedAvatars, RepositoryError};

use crate::database::Database;
use crate::schema::replaced_avatars;

#[async_trait]
impl ReplacedAvatars for Database {
    async fn oldest(&self, limit: u32) -> Result<Vec<ReplacedAvatar>, RepositoryError> {
        let rows = self.pool.run(move |connection| {
            let oldest = replaced_avatars::table
                .order(replaced_avatars::id)
                .limit(limit.into())
                .load::<(i64, String)>(connection)?;
            Ok(oldest)
        });
        let rows = rows.await?.into_iter();
        Ok(rows.map(|(id, url)| ReplacedAvatar { id, url }).collect())
    }

    async fn forget(&self, id: i64) -> Result<(), RepositoryError> {
        self.pool
            .call(move |connection| {
                diesel::delete(replaced_avatars::table.find(id)).execute(connection)?;
                Ok(())
            })
            .await
    }
}
