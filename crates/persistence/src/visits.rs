//! Recording visits, many at a time.
//!
//! A batch goes through three steps: load what is known of its visitors, [`plan`] what changes,
//! write it. On SQLite the three are one transaction. On PostgreSQL the write is one statement
//! that fails as a whole if anything it was planned upon has changed, and is then planned anew.

mod batch_rows;
mod load;
mod plan;
mod postgres;
mod sqlite;
mod statements;

use std::hash::Hash;
use std::sync::Arc;

use domain::visit::{Visit, VisitOutcome};

pub(crate) use batch_rows::code_hour;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::group_commit::Batched;
use crate::key_ring::SessionKeyVault;
use crate::sessions;
use crate::stored_keys::StoredKeys;

/// Visits are recorded.
#[derive(Clone)]
pub(crate) struct Visits {
    pub(crate) vault: Arc<SessionKeyVault>,
    pub(crate) stored_keys: Arc<StoredKeys>,
}

impl Batched for Visits {
    type Item = Visit;
    type Outcome = VisitOutcome;

    const NAME: &'static str = "visits";

    fn key(visit: &Visit) -> impl Hash {
        (&visit.open_id, &visit.app.id)
    }

    fn write(
        &self,
        connection: &mut AnyConnection,
        visits: &[&Visit],
    ) -> Result<Vec<VisitOutcome>, DatabaseError> {
        let key = self.stored_keys.identity_hash_key(connection)?;
        match connection {
            AnyConnection::Postgres(connection) => {
                postgres::record(connection, visits, &self.vault, &key)
            }
            AnyConnection::Sqlite(connection) => {
                sqlite::record(connection, visits, &self.vault, &key)
            }
        }
    }

    /// Writes those visits that are not stored yet.
    fn write_again(
        &self,
        connection: &mut AnyConnection,
        visits: &[&Visit],
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
        let mut written = self.write(connection, &missing)?.into_iter();
        let outcomes = stored.into_iter().map(|stored| match stored {
            Some(account) => Some(VisitOutcome::Recorded(Box::new(account))),
            None => written.next(),
        });
        outcomes
            .collect::<Option<_>>()
            .ok_or_else(|| DatabaseError::nonsense("a batch has fewer outcomes than visits"))
    }
}
