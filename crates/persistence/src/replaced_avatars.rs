//! Pictures that no user has any more. The triggers of the database write the rows.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{ReplacedAvatar, ReplacedAvatars, RepositoryError};

use crate::pool::Pool;
use crate::schema::replaced_avatars;

/// [`ReplacedAvatars`] in Diesel.
#[derive(Clone)]
pub struct DieselReplacedAvatars {
    pub(crate) pool: Pool,
}

#[async_trait]
impl ReplacedAvatars for DieselReplacedAvatars {
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
        let forgotten = self.pool.run(move |connection| {
            diesel::delete(replaced_avatars::table.find(id)).execute(connection)?;
            Ok(())
        });
        Ok(forgotten.await?)
    }
}
