//! The connection on which batches are written.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::connection::{AnyConnection, Connector, KeptConnection, Purpose};
use crate::error::DbResult;
use crate::watch;

/// Where the writers that share a connection find it.
#[derive(Clone)]
pub(crate) struct WireSlot(Arc<Mutex<Wire>>);

impl WireSlot {
    pub(crate) fn new(connector: Connector) -> Self {
        Self(Arc::new(Mutex::new(Wire::new(connector, false))))
    }

    pub(super) fn current(&self) -> Wire {
        self.0.lock().clone()
    }

    /// Puts a new one into the place of one that does not answer, unless another writer has.
    pub(super) fn renew(&self, stuck: &Wire) {
        let mut wire = self.0.lock();
        if Arc::ptr_eq(&wire.state, &stuck.state) {
            *wire = Wire::new(stuck.connector.clone(), true);
        }
    }
}

/// A connection of its own for one writer, or for several that take turns. It is opened when it
/// is needed.
#[derive(Clone)]
pub(crate) struct Wire {
    connector: Connector,
    state: Arc<Mutex<State>>,
}

struct State {
    connection: Option<KeptConnection>,
    /// Whether the last attempt to connect failed.
    is_cut_off: bool,
}

impl Wire {
    fn new(connector: Connector, is_cut_off: bool) -> Self {
        Self {
            connector,
            state: Arc::new(Mutex::new(State {
                connection: None,
                is_cut_off,
            })),
        }
    }

    /// Makes sure that there is a connection. One that has been lost is waited for a little; one
    /// that did not come back is only tried for.
    pub(super) fn prepare(&self) -> DbResult<()> {
        let mut state = self.state.lock();
        state.connection = Some(state.take(&self.connector)?);
        Ok(())
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state.lock().connection.is_some()
    }

    /// Runs `work` on the connection, which is kept unless it turns out to be of no use.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> DbResult<T>,
    ) -> DbResult<T> {
        let mut state = self.state.lock();
        // It may have taken a while until the other writer was done with it.
        watch::stop_if_given_up()?;
        // Taken out, so that it goes if `work` panics in the middle of something.
        let mut connection = state.take(&self.connector)?;
        let result = connection.run(work);
        if !connection.is_useless() {
            state.connection = Some(connection);
        }
        result
    }
}

impl State {
    fn take(&mut self, connector: &Connector) -> DbResult<KeptConnection> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let connected = if self.is_cut_off {
            connector.connect_for(Purpose::Batches)
        } else {
            connector.connect_patiently(Purpose::Batches)
        };
        self.is_cut_off = connected.is_err();
        Ok(KeptConnection::new(connected?))
    }
}
