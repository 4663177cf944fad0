//! A database for one test.

use std::hash::{BuildHasher, RandomState};

use anyhow::Context;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// The database of one test. Dropped with this value, also if there are connections to it.
#[derive(Debug)]
pub struct TestDatabase {
    server_url: String,
    name: String,
}

impl TestDatabase {
    /// Creates an empty database on the server of `server_url`, which names any database there.
    pub(crate) fn create(server_url: String) -> anyhow::Result<Self> {
        let name = format!("test_{:016x}", RandomState::new().hash_one(0));
        let database = Self { server_url, name };
        let sql = format!("CREATE DATABASE {}", database.name);
        execute(&database.server_url, &sql)?;
        Ok(database)
    }

    /// Its URL, `postgres://…`.
    #[must_use]
    pub fn url(&self) -> String {
        with_database(&self.server_url, &self.name)
    }

    /// Runs statements in it, as its owner.
    ///
    /// # Errors
    /// If one fails.
    pub fn run(&self, sql: &str) -> anyhow::Result<()> {
        execute(&self.url(), sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} (FORCE)", self.name);
        let dropped = execute(&self.server_url, &sql);
        if let Err(error) = dropped {
            eprintln!("testpg: a test database was not dropped: {error:#}");
        }
    }
}

fn execute(url: &str, sql: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::establish(url)
        .context("the PostgreSQL server of the tests does not answer")?;
    connection
        .batch_execute(sql)
        .with_context(|| sql.to_owned())
}

/// `server_url` with another database's name.
fn with_database(server_url: &str, name: &str) -> String {
    let (address, parameters) = match server_url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server_url, String::new()),
    };
    let authority_at = address.find("://").map_or(0, |at| at + 3);
    let path_at = address
        .get(authority_at..)
        .and_then(|rest| rest.find('/'))
        .map_or(address.len(), |at| authority_at + at);
    let authority = address.get(..path_at).unwrap_or(address);
    format!("{authority}/{name}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced_and_nothing_else() {
        for (url, expected) in [
            ("postgres://a:b@h:1/postgres", "postgres://a:b@h:1/x"),
            ("postgres://h", "postgres://h/x"),
            (
                "postgresql://h/y?sslmode=disable",
                "postgresql://h/x?sslmode=disable",
            ),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
