//! How often users' phone numbers were looked up.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Integer;
use domain::id::UserId;
use domain::ports::{PhoneLookups, StoreResult};

use crate::connection::AnyBackend;
use crate::database::Database;
use crate::schema::phone_lookups;
use crate::statement::{Prepared, statement, value};
use crate::types::{DbId, Id};

#[async_trait]
impl PhoneLookups for Database {
    async fn count(&self, user: UserId, day: i32, at_most: u32) -> StoreResult<bool> {
        let at_most = i32::try_from(at_most).unwrap_or(i32::MAX);
        let user = DbId(user.as_uuid());
        self.call(move |connection| {
            let parameters = vec![
                value::<Id, _, _>(user),
                value::<Integer, _, _>(day),
                value::<Integer, _, _>(at_most),
            ];
            match Prepared::<Count, AnyBackend>::new(parameters).execute(connection) {
                Ok(rows) => Ok(rows > 0),
                // The user has been deleted, and is not counted.
                Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(true),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn uncount(&self, user: UserId, day: i32) -> StoreResult<()> {
        let user = DbId(user.as_uuid());
        self.call(move |connection| {
            let row = phone_lookups::table
                .find(user)
                .filter(phone_lookups::day.eq(day))
                .filter(phone_lookups::lookups.gt(0));
            let less = phone_lookups::lookups.eq(phone_lookups::lookups - 1);
            diesel::update(row).set(less).execute(connection)?;
            Ok(())
        })
        .await
    }
}

statement! {
    /// Changes one row, or none if the day is used up. One statement, so that lookups at the same moment
    /// are counted one after the other.
    Count = "
INSERT INTO phone_lookups (user_id, day, lookups)
VALUES ($1, $2, 1)
ON CONFLICT (user_id) DO UPDATE
SET lookups = CASE WHEN phone_lookups.day = excluded.day THEN phone_lookups.lookups + 1 ELSE 1 END,
    day = excluded.day
WHERE phone_lookups.day <> excluded.day OR phone_lookups.lookups < $3"
}
