//! Port: what has changed lately, for replicas that remember what they have read.

use async_trait::async_trait;

use super::RepositoryError;
use crate::id::{SessionId, UserId};

/// Tells every replica what it must not remember any longer.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// The changes of the last ten seconds or more, those made by this replica included. A
    /// caller that asks every second or two misses none, whatever the order in which they were
    /// committed, and sees most of them several times.
    ///
    /// # Errors
    /// [`RepositoryError`].
    async fn recent(&self) -> Result<Vec<Change>, RepositoryError>;
}

/// Something that was read before may be different now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// This session has ended.
    Session(SessionId),
    /// This user, or something about their sessions, is not what it was.
    User(UserId),
}
