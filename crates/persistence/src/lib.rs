//! The repositories of wxlogin in Diesel, on PostgreSQL and SQLite.
//!
//! [`Database::open`] gives the adapters of the domain's ports, from
//! [`users`](Database::users) to [`readiness`](Database::readiness). It needs no database to be
//! up; what needs one says [`Unavailable`](domain::ports::RepositoryError::Unavailable) until there
//! is.

#![expect(
    clippy::must_use_candidate,
    reason = "a value that is not used does no harm"
)]

mod accounts;
mod audit;
mod backup;
mod bans;
mod change_feed;
mod connection;
mod database;
mod error;
mod examination;
mod group_commit;
mod housekeeping;
mod key_ring;
mod merges;
mod migrations;
mod phone_lookups;
mod pool;
mod privileges;
mod probe;
mod push_outbox;
mod replaced_avatars;
mod reset;
mod rewrap;
mod rows;
mod schema;
mod seal;
mod server;
mod session_bound;
mod session_lifecycle;
mod sessions;
mod signatories;
mod signing_keys;
mod sqlite_file;
mod statement;
mod statistics;
mod store_clock;
mod stored_keys;
mod strays;
mod token_uses;
mod transaction;
mod types;
mod url;
mod visits;
mod watch;
mod wechat_tokens;
mod worker;

pub use backup::{BackupError, BackupProgress, back_up};
pub use database::{Database, DatabaseOptions, OpenError};
pub use examination::Finding;
pub use migrations::MigrateError;
pub use reset::GivenUp;
pub use rewrap::RewrapProgress;
pub use seal::{MasterKeyError, MasterKeys};
pub use statistics::{PoolUse, QueueUse, Statistics};
pub use url::{DatabaseKind, UnknownDatabaseUrl};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
