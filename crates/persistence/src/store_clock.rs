//! The database's clock.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{StoreClock, StoreResult};
use domain::time::Timestamp;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::types::{DbInstant, Instant};

#[async_trait]
impl StoreClock for Database {
    async fn now(&self) -> StoreResult<Option<Timestamp>> {
        Ok(self.pool.run(own_time).await?)
    }
}

diesel::define_sql_function! {
    /// The time at this moment, not at the start of the transaction.
    fn clock_timestamp() -> Instant;
}

fn own_time(connection: &mut AnyConnection) -> DbResult<Option<Timestamp>> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(None),
        AnyConnection::Postgres(_) => Ok(Some(now(connection)?)),
    }
}

/// The present instant by the database's clock; on SQLite that is the machine's.
pub(crate) fn now(connection: &mut AnyConnection) -> DbResult<Timestamp> {
    let now: DbInstant = match connection {
        AnyConnection::Postgres(connection) => {
            diesel::select(clock_timestamp()).get_result(connection)?
        }
        AnyConnection::Sqlite(connection) => {
            let now = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
            diesel::select(diesel::dsl::sql::<Instant>(now)).get_result(connection)?
        }
    };
    Ok(now.into())
}
