//! Recording visits, many at a time.
//!
//! A batch goes through three steps: load what is known of its visitors, [`plan`] what changes,
//! write it. On SQLite the three are one transaction. On PostgreSQL the write is one statement
//! that fails as a whole if anything it was planned upon has changed, and is then planned anew.

mod batch_rows;
mod known;
mod load;
mod plan;
mod postgres;
mod sqlite;

use std::hash::Hash;
use std::sync::Arc;

use domain::visit::{Visit, VisitOutcome};

pub(crate) use batch_rows::code_hour;

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult};
use crate::group_commit::Batched;
use crate::key_ring::SessionKeyVault;
use crate::sessions;
use crate::stored_keys::StoredKeys;

/// The sessions of a user were not counted.
const UNCOUNTED: i64 = i32::MAX as i64;

/// A visit that has been dealt with.
pub(crate) struct WrittenVisit {
    pub(crate) outcome: VisitOutcome,
    /// How many live sessions the user has at most.
    pub(crate) sessions_opened: i64,
}

/// Visits are recorded.
#[derive(Clone)]
pub(crate) struct Visits {
    pub(crate) vault: Arc<SessionKeyVault>,
    pub(crate) stored_keys: Arc<StoredKeys>,
}

impl Batched for Visits {
    type Item = Visit;
    type Outcome = WrittenVisit;

    const NAME: &'static str = "visits";

    fn key(visit: &Visit) -> impl Hash {
        (&visit.open_id, &visit.app.id)
    }

    fn write(
        &self,
        connection: &mut AnyConnection,
        visits: &[&Visit],
    ) -> DbResult<Vec<WrittenVisit>> {
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
    ) -> DbResult<Vec<WrittenVisit>> {
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
            Some(account) => Some(WrittenVisit {
                outcome: VisitOutcome::Recorded {
                    account: Box::new(account),
                    ended_others: false,
                },
                sessions_opened: UNCOUNTED,
            }),
            None => written.next(),
        });
        outcomes
            .collect::<Option<_>>()
            .ok_or_else(|| DatabaseError::nonsense("a batch has fewer outcomes than visits"))
    }
}
