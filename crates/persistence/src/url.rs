//! The URL of the database.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

/// A database's address, of one of the two kinds.
#[derive(Clone, Debug)]
pub(crate) enum DatabaseUrl {
    /// `postgres://…`
    Postgres(PostgresUrl),
    /// The path in `sqlite://path`.
    Sqlite(PathBuf),
}

/// Which of the two kinds of databases a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind<'a> {
    /// `postgres://…`, also written `postgresql://…`
    Postgres,
    /// The path in `sqlite://path`.
    Sqlite(&'a str),
}

impl<'a> DatabaseKind<'a> {
    /// `None` if it is neither.
    pub fn of(url: &'a str) -> Option<Self> {
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let path = url.strip_prefix("sqlite://").map(Self::Sqlite);
        path.or(is_postgres.then_some(Self::Postgres))
    }
}

/// The URL is of no database this crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownDatabaseUrl {
    /// It is something else.
    #[error(
        "the database URL must begin with `postgres://` or `sqlite://` and say where the database is"
    )]
    Kind,
    /// Drivers differ in what they make of parameters, and SQLite would make a file of that name.
    #[error(
        "a `sqlite://` URL has no parameters: leave out the `?` and what follows (the file is \
         created if it is missing)"
    )]
    SqliteParameters,
}

/// What libpq is told if the URL does not say it (PostgreSQL's documentation, Parameter Key
/// Words): to take the host that can be written to; and not to wait minutes for a server that
/// has gone without a word.
const POSTGRES_DEFAULTS: [(&str, &str); 7] = [
    ("application_name", "wxlogin"),
    ("target_session_attrs", "read-write"),
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "10000"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
];

impl DatabaseUrl {
    pub(crate) fn parse(url: &SecretString) -> Result<Self, UnknownDatabaseUrl> {
        let url = url.expose_secret();
        match DatabaseKind::of(url).ok_or(UnknownDatabaseUrl::Kind)? {
            DatabaseKind::Postgres => Ok(Self::Postgres(PostgresUrl::with_defaults(url))),
            DatabaseKind::Sqlite(path) if path.is_empty() || path.starts_with(':') => {
                Err(UnknownDatabaseUrl::Kind)
            }
            DatabaseKind::Sqlite(path) if path.contains(['?', '#']) => {
                Err(UnknownDatabaseUrl::SqliteParameters)
            }
            DatabaseKind::Sqlite(path) => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }
}

/// A URL for libpq. It may hold a password.
#[derive(Clone, Debug)]
pub(crate) struct PostgresUrl(SecretString);

impl PostgresUrl {
    fn with_defaults(url: &str) -> Self {
        let mut url = url.to_owned();
        for (name, value) in POSTGRES_DEFAULTS {
            let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
            let is_given = parameters
                .split('&')
                .any(|parameter| parameter.split('=').next() == Some(name));
            if !is_given {
                let separator = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{separator}{name}={value}");
            }
        }
        Self(SecretString::from(url))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The password in the URL, as it is written there, or more if its characters mislead.
    pub(crate) fn password(&self) -> Option<&str> {
        let (_, rest) = self.expose().split_once("://")?;
        let (user, _) = rest.rsplit_once('@')?;
        user.split_once(':').map(|(_, password)| password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<DatabaseUrl, UnknownDatabaseUrl> {
        DatabaseUrl::parse(&SecretString::from(url.to_owned()))
    }

    #[test]
    fn a_parameter_of_the_url_is_not_given_twice() {
        let Ok(DatabaseUrl::Postgres(url)) = parse("postgres://a,b:5/x?connect_timeout=9") else {
            panic!("not a PostgreSQL URL");
        };
        assert_eq!(url.expose().matches("connect_timeout").count(), 1);
        assert!(
            url.expose()
                .starts_with("postgres://a,b:5/x?connect_timeout=9&")
        );
        assert!(url.expose().contains("&application_name=wxlogin"));
    }

    #[test]
    fn a_url_of_no_known_database_is_refused() {
        for url in [
            "",
            "mysql://h/x",
            "sqlite://",
            "sqlite://:memory:",
            "data/wxlogin.db",
        ] {
            assert_eq!(parse(url).err(), Some(UnknownDatabaseUrl::Kind), "{url}");
        }
    }

    #[test]
    fn parameters_of_a_sqlite_url_are_refused_and_not_made_part_of_the_name() {
        for url in [
            "sqlite://x.db?mode=rwc",
            "sqlite:///data/x.db?cache=shared&mode=ro",
            "sqlite://x.db?",
            "sqlite://x.db#part",
        ] {
            let expected = Some(UnknownDatabaseUrl::SqliteParameters);
            assert_eq!(parse(url).err(), expected, "{url}");
        }
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let url = parse("postgres://u:geheim@h/x").unwrap();
        assert!(!format!("{url:?}").contains("geheim"));
    }
}
