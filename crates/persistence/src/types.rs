//! Two kinds of values as the two databases keep them, and their Rust side.
//!
//! | | PostgreSQL | SQLite |
//! |---|---|---|
//! | [`Id`] | `uuid` | BLOB of 16 bytes |
//! | [`Instant`] | `timestamptz` | INTEGER, microseconds since 1970 |

use std::io::Write;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, HasSqlType, SqlOrd, SqlType};
use diesel::sqlite::Sqlite;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::connection::{AnyBackend, AnyRawValue};

type SqliteValue<'a> = <Sqlite as Backend>::RawValue<'a>;

// `pub`, because the tables that Diesel's macro makes are.

/// SQL type: an id of ours.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(
    postgres_type(oid = 2950, array_oid = 2951),
    sqlite_type(name = "Binary")
)]
pub struct Id;

/// SQL type: an instant.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(
    postgres_type(oid = 1184, array_oid = 1185),
    sqlite_type(name = "Long")
)]
pub struct Instant;

impl SqlOrd for Instant {}
impl SqlOrd for Id {}

/// A UUID in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub(crate) struct DbId(pub(crate) Uuid);

/// An instant in a row: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Instant)]
pub(crate) struct DbInstant(i64);

/// PostgreSQL counts from 2000 (PostgreSQL's source, `POSTGRES_EPOCH_JDATE`).
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl DbInstant {
    /// 1970, which is before anything that is stored.
    pub(crate) const EPOCH: Self = Self(0);
}

impl From<Timestamp> for DbInstant {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

impl From<DbInstant> for Timestamp {
    fn from(instant: DbInstant) -> Self {
        Self::from_microsecond(instant.0).unwrap_or(if instant.0 < 0 {
            Self::MIN
        } else {
            Self::MAX
        })
    }
}

impl ToSql<Id, Pg> for DbId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Pg> for DbId {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(bytes.as_bytes())?))
    }
}

impl ToSql<Id, Sqlite> for DbId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Sqlite> for DbId {
    fn from_sql(bytes: SqliteValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

impl ToSql<Instant, Pg> for DbInstant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let since_2000 = self.0.saturating_sub(POSTGRES_EPOCH);
        ToSql::<BigInt, Pg>::to_sql(&since_2000, &mut out.reborrow())
    }
}

impl FromSql<Instant, Pg> for DbInstant {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let since_2000 = <i64 as FromSql<BigInt, Pg>>::from_sql(bytes)?;
        Ok(Self(since_2000.saturating_add(POSTGRES_EPOCH)))
    }
}

impl ToSql<Instant, Sqlite> for DbInstant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

impl FromSql<Instant, Sqlite> for DbInstant {
    fn from_sql(bytes: SqliteValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(<i64 as FromSql<BigInt, Sqlite>>::from_sql(bytes)?))
    }
}

/// Makes a type that both backends know known to the backend that is either.
macro_rules! known_to_any {
    ($sql_type:ty, $rust_type:ty) => {
        impl HasSqlType<$sql_type> for AnyBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql_type>(lookup)
            }
        }

        impl ToSql<$sql_type, AnyBackend> for $rust_type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, AnyBackend>) -> serialize::Result {
                out.set_value((<$sql_type>::default(), self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql_type, AnyBackend> for $rust_type {
            fn from_sql(bytes: AnyRawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql_type>()
            }
        }
    };
}

known_to_any!(Id, DbId);
known_to_any!(Instant, DbInstant);
