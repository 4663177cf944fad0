//! Open connections, and when they are closed instead of kept for a further request.

pub(crate) mod crowd;
mod silent;

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use super::extractors::TrustedProxies;
use silent::Silent;

/// How many silent connections there may be at most, however many files may be open.
const MOST_SILENT: usize = 1_024;

/// Counts the open connections of the service.
///
/// An idle connection is kept for 75 s. When three quarters of what is allowed are open, each answer
/// closes its connection, so that idle ones leave a quarter to those who come. Silent ones are at most an
/// eighth, so they leave half of that quarter.
#[derive(Clone)]
pub(super) struct Connections {
    open: Arc<Open>,
    silent: Arc<Silent>,
}

struct Open {
    count: AtomicUsize,
    limit: usize,
}

/// One of them, until it ends.
pub(super) struct Connection {
    open: Arc<Open>,
    /// Until its first request.
    silent: Cell<Option<silent::Place>>,
}

impl Connections {
    /// As many as so many `descriptors` allow.
    pub(super) fn new(descriptors: usize, proxies: TrustedProxies) -> Self {
        let most_silent = (descriptors / 8).clamp(1, MOST_SILENT);
        Self {
            open: Arc::new(Open {
                count: AtomicUsize::new(0),
                limit: descriptors - most_silent,
            }),
            silent: Arc::new(Silent::new(most_silent, proxies)),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.open.limit
    }

    /// Counts a connection as long as its extensions live, and watches whether it says anything.
    pub(super) fn count(&self, connection: &dyn Any, extensions: &mut Extensions) {
        let stream = connection.downcast_ref::<TcpStream>();
        self.open.count.fetch_add(1, Ordering::Relaxed);
        extensions.insert(Connection {
            open: Arc::clone(&self.open),
            silent: Cell::new(stream.and_then(|stream| self.silent.watch(stream))),
        });
    }

    /// Closes those that say nothing for too long, as long as there are connections to come.
    pub(super) fn close_silent(&self) {
        tokio::spawn(Arc::clone(&self.silent).keep_looking());
    }
}

impl Connection {
    /// Notes that the head of a request is there.
    pub(super) fn is_heard(&self) {
        drop(self.silent.take());
    }

    /// Whether idle connections are to be closed.
    pub(super) fn is_one_of_many(&self) -> bool {
        let Open { count, limit } = &*self.open;
        count.load(Ordering::Relaxed) >= limit - limit / 4
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.count.fetch_sub(1, Ordering::Relaxed);
    }
}
