//! A real PostgreSQL for tests: one server for all test processes, a fresh database for each
//! test, and private servers that a test may stop, kill and start again.
//!
//! Where the server comes from, in this order:
//! 1. `TEST_DATABASE_URL`, the URL of a server on which databases may be created;
//! 2. PostgreSQL's programs: in `PG_BIN`, on the `PATH`, where Debian, Homebrew and Postgres.app
//!    put them. They run as an unprivileged user if the tests run as root;
//! 3. Docker, with the image named by `TEST_POSTGRES_IMAGE`.
//!
//! If there is none of them, the tests fail with a sentence that says what to install.
//!
//! The shared server starts with the first test that needs it and is stopped some seconds after
//! the last process that used it has ended, by a watchdog that outlives them all.

mod database;
mod engine;
mod locale;
mod pooler;
mod server;
mod shared;
mod watchdog;

pub use database::TestDatabase;
pub use pooler::Pooler;
pub use server::Server;

/// A fresh, empty database on the server that all tests share. It is dropped with the value.
///
/// # Errors
/// If there is no PostgreSQL, with a sentence that says what to do about it.
pub fn database() -> anyhow::Result<TestDatabase> {
    TestDatabase::create(shared::server_url()?)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
