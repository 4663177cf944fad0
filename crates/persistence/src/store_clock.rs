//! The database's clock.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::ports::{StoreClock, StoreResult};
use domain::time::{Duration, Timestamp};

use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::DbResult;
use crate::statement::{Parameter, text, value};
use crate::types::{DbInstant, Instant};

#[async_trait]
impl StoreClock for Database {
    async fn now(&self) -> StoreResult<Option<Timestamp>> {
        Ok(self.pool.run(own_time).await?)
    }
}

/// The machine's clock as SQLite reads it, in microseconds.
const SQLITE_CLOCK: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

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
            diesel::select(diesel::dsl::sql::<Instant>(SQLITE_CLOCK)).get_result(connection)?
        }
    };
    Ok(now.into())
}

/// [`now`], as a parameter that the statement reads by itself: a round trip fewer.
pub(crate) fn now_of<'a>(connection: &AnyConnection) -> Parameter<'a, AnyBackend> {
    let clock = match connection {
        AnyConnection::Postgres(_) => "clock_timestamp()",
        AnyConnection::Sqlite(_) => SQLITE_CLOCK,
    };
    text(clock, Vec::new())
}

/// The instant `span` after [`now_of`].
pub(crate) fn later_by<'a>(
    span: Duration,
    connection: &AnyConnection,
) -> Parameter<'a, AnyBackend> {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let later = match connection {
        AnyConnection::Postgres(_) => "clock_timestamp() + $1 * interval '1 microsecond'",
        AnyConnection::Sqlite(_) => "CAST(unixepoch('subsec') * 1000000 AS INTEGER) + $1",
    };
    text(later, vec![value::<BigInt, _, _>(micros)])
}
