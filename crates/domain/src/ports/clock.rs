//! Port: time and ids.

use uuid::Uuid;

use crate::time::Timestamp;

/// Tells the time and makes ids, so that a test can do both its own way.
///
/// An adapter MUST give timestamps in whole microseconds
/// ([`to_microseconds`](crate::time::to_microseconds)) and ids of UUID version 7 that never
/// repeat.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// A new id.
    fn new_id(&self) -> Uuid;
}
