//! Errors of the database, without the values in their messages.

use std::path::Path;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use domain::ports::RepositoryError;

/// How long a refusal takes at most. PostgreSQL looks for deadlocks after a second by default.
const A_WHILE: Duration = Duration::from_millis(500);

pub(crate) type DbResult<T> = Result<T, DatabaseError>;

/// A failure of the database. Its text says what failed and names tables and constraints; it
/// never holds a value of a row, which PostgreSQL puts into the detail of its errors, and never
/// a password.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .text.trim())]
pub(crate) struct DatabaseError {
    pub(crate) kind: FailureKind,
    text: String,
    /// Whether the kind is only a guess, because the server's text is not among those known.
    is_guess: bool,
    /// Whether it came after a wait, as a deadlock does.
    has_waited: bool,
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
    WrongMasterKey,
    /// The database works, but not for this service until its configuration changes.
    Unfit,
}

impl DatabaseError {
    /// A failure of ours: a row that makes no sense, a secret that does not open.
    pub(crate) fn nonsense(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, text)
    }

    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Unavailable, text)
    }

    /// No connection could be made. `password` is the one in the URL.
    pub(crate) fn connecting(error: &ConnectionError, password: Option<&str>) -> Self {
        let text = without_quoted_password(&error.to_string(), password);
        Self::unavailable(text)
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display();
        Self::unavailable(format!("the database file {path} cannot be made: {error}"))
    }

    pub(crate) fn wrong_master_key() -> Self {
        let text = "the configured master keys are not those of this database";
        Self::new(FailureKind::WrongMasterKey, text)
    }

    /// Whether it may lie in one row of a statement, so that the others do without it. After a
    /// deadlock the parts of a batch would wait again, one after the other.
    pub(crate) fn is_of_a_row(&self) -> bool {
        !self.has_waited
            && matches!(
                self.kind,
                FailureKind::Conflict | FailureKind::Duplicate | FailureKind::Refused
            )
    }

    /// Whether another connection may do better.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::Disconnected | FailureKind::Unavailable | FailureKind::Unfit
        )
    }

    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            is_guess: false,
            has_waited: false,
        }
    }

    /// A statement that the server refuses does so at once. One that failed after a while has
    /// waited for a lock, a disk or an operator, in whatever language the server says so.
    pub(crate) fn after(mut self, elapsed: Duration) -> Self {
        if self.is_guess && elapsed >= A_WHILE {
            self.kind = FailureKind::Unavailable;
        }
        self
    }
}

impl From<DieselError> for DatabaseError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, information) => {
                // The primary message only. Its detail would tell the row.
                let text = information.message().to_owned();
                let known = kind_of(kind, &text);
                Self {
                    kind: known.unwrap_or(FailureKind::Refused),
                    text,
                    is_guess: known.is_none(),
                    has_waited: kind_by_text(information.message()) == Some(FailureKind::Conflict),
                }
            }
            DieselError::BrokenTransactionManager => {
                Self::new(FailureKind::Disconnected, error.to_string())
            }
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            other => Self::new(FailureKind::Refused, other.to_string()),
        }
    }
}

/// `None` if neither Diesel nor we know.
fn kind_of(kind: DatabaseErrorKind, text: &str) -> Option<FailureKind> {
    Some(match kind {
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
        DatabaseErrorKind::CheckViolation => FailureKind::Refused,
        _ => return kind_by_text(text),
    })
}

/// What Diesel has no kind for. It does not hand out the SQLSTATE, so the text decides, in English
/// and in PostgreSQL's and glibc's own translation into simplified Chinese (`zh_CN.po`). Our
/// connections ask for English where they may ([`crate::server`]).
fn kind_by_text(text: &str) -> Option<FailureKind> {
    // 40P01
    const CONFLICT: [&str; 2] = ["deadlock detected", "检测到死锁"];
    const UNAVAILABLE: [&str; 24] = [
        // SQLite (Result and Error Codes)
        "database is locked",
        "disk I/O error",
        "database or disk is full",
        "attempt to write a readonly database",
        "unable to open database file",
        // PostgreSQL, 53100 and 58030: strerror's texts
        "No space left on device",
        "设备上没有空间",
        "Disk quota exceeded",
        "超出磁盘限额",
        "Read-only file system",
        "只读文件系统",
        "Input/output error",
        "输入/输出错误",
        // 53200
        "out of memory",
        "内存用尽",
        "内存不足",
        "out of shared memory",
        "共享内存用尽",
        // 55P03, 57014
        "canceling statement due to",
        "取消语句",
        "取消查询",
        // 57P01, 57P03
        "shutting down",
        "停止中",
        "无法扩展文件",
    ];
    if CONFLICT.iter().any(|sign| text.contains(sign)) {
        Some(FailureKind::Conflict)
    } else if UNAVAILABLE.iter().any(|sign| text.contains(sign)) {
        Some(FailureKind::Unavailable)
    } else {
        None
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

impl From<DatabaseError> for RepositoryError {
    fn from(error: DatabaseError) -> Self {
        match error.kind {
            FailureKind::Disconnected
            | FailureKind::Unavailable
            | FailureKind::Conflict
            | FailureKind::Unfit => Self::Unavailable(Box::new(error)),
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
