//! One writer: its connection, and what it does when a batch fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::r2d2::R2D2Connection;
use domain::ports::RepositoryError;
use domain::visit::{Visit, VisitOutcome};

use super::{PendingVisit, postgres, sqlite};
use crate::connection::{AnyConnection, Connector, Purpose};
use crate::error::{DatabaseError, FailureKind};
use crate::key_ring::SessionKeyVault;
use crate::sessions;

/// How often a batch is tried while others keep changing what it was planned upon, or the
/// connection breaks.
const MAX_TRIES: u32 = 4;

/// Writes batches on a connection of its own.
pub(crate) struct Writer {
    pub(crate) connector: Connector,
    pub(crate) vault: Arc<SessionKeyVault>,
    /// Opened when it is needed.
    pub(crate) connection: Option<AnyConnection>,
    /// Whether the last attempt to connect failed.
    pub(crate) is_cut_off: bool,
}

impl Writer {
    /// Makes sure that there is a connection. One that has been lost is waited for a little; one
    /// that did not come back is only tried for.
    pub(super) fn prepare(&mut self) -> Result<(), DatabaseError> {
        self.connection().map(drop)
    }

    /// Records a batch and answers everyone who waits for it. After a panic the visits of the
    /// batch are answered as failed and the writer goes on with a new connection.
    pub(super) fn record_guarded(mut self, batch: Vec<PendingVisit>) -> Self {
        if catch_unwind(AssertUnwindSafe(|| self.record(batch))).is_err() {
            self.connection = None;
        }
        self
    }

    fn record(&mut self, mut batch: Vec<PendingVisit>) {
        let visits: Vec<_> = batch.iter().map(|pending| &*pending.visit).collect();
        match self.try_record(&visits) {
            Ok(outcomes) => {
                for (pending, outcome) in batch.into_iter().zip(outcomes) {
                    // Who has gone away does not want to know.
                    let _ = pending.reply.send(Ok(outcome));
                }
            }
            Err(error) if error.is_of_a_row() && batch.len() > 1 => {
                // By halves to the one that is refused, so that it fails alone.
                let second = batch.split_off(batch.len() / 2);
                self.record(batch);
                self.record(second);
            }
            Err(error) => refuse(batch, &error),
        }
    }

    fn try_record(&mut self, visits: &[&Visit]) -> Result<Vec<VisitOutcome>, DatabaseError> {
        let mut in_doubt = false;
        let mut tries = 1;
        loop {
            let error = match self.attempt(visits, in_doubt) {
                Ok(outcomes) => return Ok(outcomes),
                Err(error) => error,
            };
            let is_worth_another = match error.kind {
                FailureKind::Disconnected => {
                    in_doubt = true;
                    true
                }
                FailureKind::Conflict => true,
                // In doubt it may be our own, whose commit has come through only now.
                FailureKind::Duplicate => in_doubt,
                FailureKind::Unavailable | FailureKind::Refused => false,
            };
            if !is_worth_another || tries == MAX_TRIES {
                return Err(error);
            }
            tracing::debug!(%error, tries, visits = visits.len(), "a batch of visits is repeated");
            tries += 1;
        }
    }

    /// Tries once. If an earlier attempt lost its connection, it may have been committed all the
    /// same: then those visits are answered from what is stored.
    fn attempt(
        &mut self,
        visits: &[&Visit],
        in_doubt: bool,
    ) -> Result<Vec<VisitOutcome>, DatabaseError> {
        let vault = Arc::clone(&self.vault);
        let connection = self.connection()?;
        let result = if in_doubt {
            finish(connection, visits, &vault)
        } else {
            write(connection, visits, &vault)
        };
        if let Err(error) = &result
            && (error.is_of_the_connection() || connection.is_broken())
        {
            // Also one that works: after a failover it may lead to the standby.
            self.connection = None;
        }
        result
    }

    fn connection(&mut self) -> Result<&mut AnyConnection, DatabaseError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn connect(&mut self) -> Result<AnyConnection, DatabaseError> {
        let connected = if self.is_cut_off {
            self.connector.connect_for(Purpose::Visits)
        } else {
            self.connector.connect_patiently(Purpose::Visits)
        };
        self.is_cut_off = connected.is_err();
        connected
    }
}

/// Answers everyone that their visit is not stored.
pub(super) fn refuse(batch: impl IntoIterator<Item = PendingVisit>, error: &DatabaseError) {
    for pending in batch {
        let error = RepositoryError::from(error.clone());
        let _ = pending.reply.send(Err(error));
    }
}

fn write(
    connection: &mut AnyConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> Result<Vec<VisitOutcome>, DatabaseError> {
    match connection {
        AnyConnection::Postgres(connection) => postgres::record(connection, visits, vault),
        AnyConnection::Sqlite(connection) => sqlite::record(connection, visits, vault),
    }
}

/// Writes those visits that are not stored yet.
fn finish(
    connection: &mut AnyConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> Result<Vec<VisitOutcome>, DatabaseError> {
    let mut stored = Vec::with_capacity(visits.len());
    for visit in visits {
        stored.push(sessions::find(connection, visit.session.id)?);
    }
    let missing: Vec<_> = visits
        .iter()
        .zip(&stored)
        .filter_map(|(visit, stored)| stored.is_none().then_some(*visit))
        .collect();
    let mut written = write(connection, &missing, vault)?.into_iter();
    let outcomes = stored.into_iter().map(|stored| match stored {
        Some(account) => Some(VisitOutcome::Recorded(Box::new(account))),
        None => written.next(),
    });
    outcomes
        .collect::<Option<_>>()
        .ok_or_else(|| DatabaseError::nonsense("a batch has fewer outcomes than visits"))
}
