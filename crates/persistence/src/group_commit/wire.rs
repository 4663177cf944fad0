//! The connection on which batches are written.

use std::sync::{Arc, Mutex, PoisonError};

use crate::connection::{AnyConnection, Connector, KeptConnection, Purpose};
use crate::error::DatabaseError;

/// A connection of its own for one writer, or for several that take turns. It is opened when it
/// is needed.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Mutex<State>>);

struct State {
    connector: Connector,
    connection: Option<KeptConnection>,
    /// Whether the last attempt to connect failed.
    is_cut_off: bool,
}

impl Wire {
    pub(crate) fn new(connector: Connector) -> Self {
        Self(Arc::new(Mutex::new(State {
            connector,
            connection: None,
            is_cut_off: false,
        })))
    }

    /// Makes sure that there is a connection. One that has been lost is waited for a little; one
    /// that did not come back is only tried for.
    pub(super) fn prepare(&self) -> Result<(), DatabaseError> {
        self.with(|state| {
            state.connection = Some(state.take()?);
            Ok(())
        })
    }

    /// Runs `work` on the connection, which is kept unless it turns out to be of no use.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.with(|state| {
            // Taken out, so that it goes if `work` panics in the middle of something.
            let mut connection = state.take()?;
            let result = connection.run(work);
            if !connection.is_useless() {
                state.connection = Some(connection);
            }
            result
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // After a panic the connection is gone and the rest is as good as before.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn take(&mut self) -> Result<KeptConnection, DatabaseError> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.connect(),
        }
    }

    fn connect(&mut self) -> Result<KeptConnection, DatabaseError> {
        let connected = if self.is_cut_off {
            self.connector.connect_for(Purpose::Batches)
        } else {
            self.connector.connect_patiently(Purpose::Batches)
        };
        self.is_cut_off = connected.is_err();
        Ok(KeptConnection::new(connected?))
    }
}
