//! How a database is opened.

use std::time::Duration;

use secrecy::SecretString;

use crate::seal::MasterKeys;

/// What [`Database::open`](crate::Database::open) needs to know.
#[derive(Debug)]
pub struct DatabaseOptions {
    /// `sqlite://path`, or `postgres://…` as libpq understands it, several hosts included.
    pub url: SecretString,
    /// How many connections there are at most, those of the writers of logins and refreshes
    /// included: on SQLite one, on PostgreSQL one to three
    /// ([`Database::open`](crate::Database::open)). At least two are used. They are opened when
    /// they are needed. While migrations run there is one more.
    pub pool_size: u32,
    /// How long an operation waits for a connection.
    pub acquire_timeout: Duration,
    /// How long an operation takes at most, the wait for a connection and its opening included.
    /// Then it fails with [`Unavailable`](domain::ports::RepositoryError::Unavailable), and its
    /// connection is not used again.
    pub timeout: Duration,
    /// What stored secrets are sealed under.
    pub master_keys: MasterKeys,
    /// How many visits wait to be written at most, and how many uses of tokens; more are refused
    /// with [`Overloaded`](domain::ports::RepositoryError::Overloaded).
    pub queue_capacity: usize,
}

impl DatabaseOptions {
    /// 16 connections, two seconds of patience for one, five for an operation, a queue of 4096.
    pub fn new(url: SecretString, master_keys: MasterKeys) -> Self {
        Self {
            url,
            pool_size: 16,
            acquire_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            master_keys,
            queue_capacity: 4096,
        }
    }
}
