//! How a database is opened.

use std::time::Duration;

use secrecy::SecretString;

use crate::seal::MasterKeys;

/// What [`Database::open`](crate::Database::open) needs to know.
#[derive(Debug)]
pub struct DatabaseOptions {
    /// `sqlite://path`, or `postgres://…` as libpq understands it, several hosts included.
    pub url: SecretString,
    /// How many connections there are at most for everything but logins and refreshes, which
    /// have up to three of their own, on SQLite one. They are opened when they are needed.
    pub pool_size: u32,
    /// How long an operation waits for a connection.
    pub acquire_timeout: Duration,
    /// What stored secrets are sealed under.
    pub master_keys: MasterKeys,
    /// How many visits wait to be written at most, and how many uses of tokens; more are refused
    /// with [`Overloaded`](domain::ports::RepositoryError::Overloaded).
    pub queue_capacity: usize,
}

impl DatabaseOptions {
    /// A pool of 16, two seconds of patience, a queue of 4096.
    #[must_use]
    pub fn new(url: SecretString, master_keys: MasterKeys) -> Self {
        Self {
            url,
            pool_size: 16,
            acquire_timeout: Duration::from_secs(2),
            master_keys,
            queue_capacity: 4096,
        }
    }
}
