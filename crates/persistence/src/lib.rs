//! The repositories of wxlogin in Diesel, on PostgreSQL and SQLite.
//!
//! [`Database::open`] gives the adapters of the domain's ports:
//! [`users`](Database::users), [`sessions`](Database::sessions) and
//! [`readiness`](Database::readiness). It needs no database to be up; what needs one says
//! [`Unavailable`](domain::ports::RepositoryError::Unavailable) until there is.

mod connection;
mod database;
mod error;
mod key_ring;
mod migrations;
mod options;
mod pool;
mod repositories;
mod rows;
mod schema;
mod seal;
mod sessions;
mod types;
mod url;
mod users;
mod visits;

pub use database::{Database, OpenError};
pub use migrations::MigrateError;
pub use options::DatabaseOptions;
pub use repositories::{DieselReadinessProbe, DieselSessionRepository, DieselUserRepository};
pub use seal::{MasterKeyError, MasterKeys};
pub use url::UnknownDatabaseUrl;
