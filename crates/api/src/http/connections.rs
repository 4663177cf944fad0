//! The connections that are open, and when they are no longer kept for a further request.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::Extensions;

/// Counts the open connections of the service.
///
/// An idle connection is kept for 75 s. When three quarters of what is allowed are open, each answer
/// closes its connection, so that idle ones leave a quarter to those who come.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    open: Arc<AtomicUsize>,
    many: usize,
}

/// One of them, until it ends.
struct Connection(Arc<AtomicUsize>);

impl Connections {
    /// At most `limit` at once.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            open: Arc::default(),
            many: limit - limit / 4,
        }
    }

    /// Counts a connection as long as its extensions live.
    pub(super) fn count(&self, _: &dyn Any, connection: &mut Extensions) {
        self.open.fetch_add(1, Ordering::Relaxed);
        connection.insert(Connection(Arc::clone(&self.open)));
    }

    /// Whether idle connections are to be closed.
    pub(super) fn are_many(&self) -> bool {
        self.open.load(Ordering::Relaxed) >= self.many
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
