//! What can go wrong with a database, without what must not get out.

use std::fmt;
use std::path::Path;

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use domain::ports::RepositoryError;

/// A failure of the database. Its text says what failed and names tables and constraints; it
/// never holds a value of a row, which PostgreSQL puts into the detail of its errors, and never
/// a password.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseError {
    pub(crate) kind: FailureKind,
    text: String,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The connection is gone. Whether the statement was carried out is not known.
    Disconnected,
    /// There is no connection, or the database cannot do its work now. Nothing was carried out.
    Unavailable,
    /// Another writer was faster: load again and repeat.
    Conflict,
    /// There is a session with this id already.
    Duplicate,
    /// The statement or one of its rows was refused.
    Refused,
    /// The configured master keys are not those of this database.
    WrongMasterKey,
}

impl DatabaseError {
    /// A failure of ours: a row that makes no sense, a secret that does not open.
    pub(crate) fn nonsense(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, text)
    }

    /// No connection could be made. `password` is the one in the URL.
    pub(crate) fn connecting(error: &ConnectionError, password: Option<&str>) -> Self {
        let text = without_quoted_password(&error.to_string(), password);
        Self::new(FailureKind::Unavailable, text)
    }

    /// The pool had no connection to give.
    pub(crate) fn pool(error: &r2d2::Error) -> Self {
        Self::new(FailureKind::Unavailable, error.to_string())
    }

    /// SQLite's file could not be made.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let text = format!(
            "the database file {} cannot be made: {error}",
            path.display()
        );
        Self::new(FailureKind::Unavailable, text)
    }

    /// The configured master keys are not those of this database.
    pub(crate) fn wrong_master_key() -> Self {
        let text = "the configured master keys are not those of this database";
        Self::new(FailureKind::WrongMasterKey, text)
    }

    /// Whether it may lie in one row of a statement, so that the others do without it.
    pub(crate) fn is_of_a_row(&self) -> bool {
        match self.kind {
            FailureKind::Conflict | FailureKind::Duplicate | FailureKind::Refused => true,
            FailureKind::Disconnected | FailureKind::Unavailable | FailureKind::WrongMasterKey => {
                false
            }
        }
    }

    /// Whether another connection may do better.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::Disconnected | FailureKind::Unavailable
        )
    }

    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

impl From<DieselError> for DatabaseError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, information) => {
                // The primary message only. Its detail would tell the row.
                let text = information.message().to_owned();
                Self::new(kind_of(kind, &text), text)
            }
            DieselError::BrokenTransactionManager => {
                Self::new(FailureKind::Disconnected, error.to_string())
            }
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            other => Self::new(FailureKind::Refused, other.to_string()),
        }
    }
}

fn kind_of(kind: DatabaseErrorKind, text: &str) -> FailureKind {
    match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            FailureKind::Disconnected
        }
        // The constraint's name on PostgreSQL, the column's on SQLite.
        DatabaseErrorKind::UniqueViolation
            if text.contains("sessions_") || text.contains("sessions.") =>
        {
            FailureKind::Duplicate
        }
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::SerializationFailure => FailureKind::Conflict,
        // A standby, or a full or broken disk.
        DatabaseErrorKind::ReadOnlyTransaction => FailureKind::Unavailable,
        _ => kind_by_text(text),
    }
}

/// What Diesel has no kind for.
fn kind_by_text(text: &str) -> FailureKind {
    const CONFLICT: [&str; 1] = ["deadlock detected"];
    const UNAVAILABLE: [&str; 9] = [
        // SQLite (Result and Error Codes)
        "database is locked",
        "disk I/O error",
        "database or disk is full",
        "attempt to write a readonly database",
        "unable to open database file",
        // PostgreSQL (PostgreSQL Error Codes, classes 53, 55 and 57)
        "No space left on device",
        "canceling statement due to",
        "out of memory",
        "shutting down",
    ];
    if CONFLICT.iter().any(|sign| text.contains(sign)) {
        FailureKind::Conflict
    } else if UNAVAILABLE.iter().any(|sign| text.contains(sign)) {
        FailureKind::Unavailable
    } else {
        FailureKind::Refused
    }
}

/// libpq quotes the part of a URL that it stumbles over, and in a URL whose password has a
/// character that should have been escaped, that can be a part of the password.
fn without_quoted_password(text: &str, password: Option<&str>) -> String {
    let Some(password) = password else {
        return text.to_owned();
    };
    let parts = text.split('"').enumerate().map(|(index, part)| {
        let is_quoted = index % 2 == 1;
        let tells = part.contains('@') || password.contains(part) || part.contains(password);
        if is_quoted && tells { "…" } else { part }
    });
    parts.collect::<Vec<_>>().join("\"").replace(password, "…")
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim())
    }
}

impl std::error::Error for DatabaseError {}

impl From<DatabaseError> for RepositoryError {
    fn from(error: DatabaseError) -> Self {
        match error.kind {
            FailureKind::Disconnected | FailureKind::Unavailable | FailureKind::Conflict => {
                Self::Unavailable(Box::new(error))
            }
            FailureKind::Duplicate | FailureKind::Refused => Self::Internal(Box::new(error)),
            FailureKind::WrongMasterKey => Self::WrongMasterKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_libpq_stumbles_over_is_not_repeated() {
        let text = r#"invalid integer value "ge" for connection option "port""#;
        let shown = without_quoted_password(text, Some("ge?heim"));
        assert_eq!(
            shown,
            r#"invalid integer value "…" for connection option "port""#
        );
        let text = r#"could not translate host name "heim@db" to address"#;
        let shown = without_quoted_password(text, Some("ge@heim"));
        assert!(!shown.contains("heim"), "{shown}");
    }
}
