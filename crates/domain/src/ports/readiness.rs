//! Port: whether a dependency can be used now.

use async_trait::async_trait;

use super::Cause;

/// Tells the orchestrator whether this replica can serve.
#[async_trait]
pub trait ReadinessProbe: Send + Sync {
    /// Tries the thing once, within a bounded time.
    async fn probe(&self) -> Result<(), NotReady>;
}

#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("the database does not answer")]
    Unreachable(#[source] Cause),
    /// It answers, but its schema is not the one this program was built for.
    #[error("the database's schema is not up to date: run `wxlogin migrate`")]
    SchemaOutdated,
    #[error("{}", super::RepositoryError::WrongMasterKey)]
    WrongMasterKey,
    #[error("the signing keys have not been read yet")]
    NoSigningKeys,
    /// It answers, but nothing can be written to it: it is read-only, its disk is full, or it gives
    /// no connection for it.
    #[error("the database cannot be written to")]
    CannotWrite(#[source] Cause),
}
