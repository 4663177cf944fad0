//! The errors of a repository.

use super::Cause;

pub type StoreResult<T> = Result<T, RepositoryError>;

/// A failed repository call. Nothing was stored, unless the connection broke while the commit
/// was under way.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The database cannot be reached or used: again later.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// More is waiting to be stored than is sensible: again later.
    #[error("too many writes are waiting for the database")]
    Overloaded,
    /// The configured master keys are not those of this database. Nothing is sealed with them.
    #[error(
        "master_key does not open what is stored in this database: configure the key that sealed it \
         (if it is lost for good, `wxlogin keys reset --everything-sealed-is-lost`)"
    )]
    WrongMasterKey,
    /// A bug: a constraint broken, a row that makes no sense.
    #[error("the database refused the operation")]
    Internal(#[source] Cause),
}
