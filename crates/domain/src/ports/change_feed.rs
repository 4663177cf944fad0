//! Port: what has changed, for replicas that remember what they have read.

use async_trait::async_trait;

use super::StoreResult;
use crate::id::{SessionId, UserId, opaque_texts};

/// Tells every replica what it must not remember any longer.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// What was committed after the read that gave `position`, up to a moment between this call
    /// and its answer; the changes of this replica included.
    ///
    /// An adapter MUST tell each change at least once to a caller who asks every few seconds and
    /// passes on the position of the answer before. It MUST NOT go by a clock, nor by the order in
    /// which changes were made. Where it cannot tell, it says [`Change::Everything`]: without a
    /// position, when there is too much to tell, and when the database is not the one that gave
    /// the position.
    async fn since(&self, position: Option<&FeedPosition>) -> StoreResult<News>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// In no order.
    pub changes: Vec<Change>,
    /// Where the next read begins.
    pub position: FeedPosition,
}

opaque_texts! {
    /// How far a replica has read. Only the adapter that gave it knows what it means.
    FeedPosition,
}

/// Something that was read before may be different now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// This session has ended, or is otherwise less than it was.
    Session(SessionId),
    /// This user, or something about their sessions, is not what it was.
    User(UserId),
    Everything,
}
