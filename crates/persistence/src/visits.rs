//! Recording visits, many at a time.
//!
//! A batch goes through three steps: load what is known of its visitors, [`plan`] what changes,
//! write it. On SQLite the three are one transaction. On PostgreSQL one statement loads (two more for
//! first logins), and one writes, which fails as a whole if anything it was planned upon has changed;
//! the batch is then planned anew.

mod batch_rows;
mod known;
mod load;
mod plan;
mod statements;
mod write;

use std::hash::Hash;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{StoreResult, UserRepository};
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::visit::{Visit, VisitOutcome};

use batch_rows::BatchRows;
pub(crate) use batch_rows::code_hour;
use known::Known;
use plan::plan;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::{DatabaseError, DbResult};
use crate::group_commit::Batched;
use crate::key_ring::SessionKeyVault;
use crate::stored_keys::StoredKeys;
use crate::{session_bound, sessions, transaction};

#[async_trait]
impl UserRepository for Database {
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome> {
        let (bound, at) = (visit.sessions_per_user, visit.at);
        let mut written = self.visits.write(visit).await?;
        if let VisitOutcome::Recorded {
            account,
            ended_others,
        } = &mut written.outcome
            && bound > 0
            && written.sessions_opened > i64::from(bound)
        {
            *ended_others = self.bound_sessions(account, bound, at).await;
        }
        Ok(written.outcome)
    }
}

impl Database {
    /// Ends the oldest sessions beyond `bound`. Gives whether there were any. If it fails, the
    /// login is good all the same, and the next one ends them.
    async fn bound_sessions(&self, account: &SessionAccount, bound: u32, at: Timestamp) -> bool {
        let (user, identity) = (account.user.id, account.identity.clone());
        let kept = self.pool.transact(move |connection| {
            session_bound::keep(connection, user, &identity, bound, at)
        });
        kept.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the oldest sessions of a user were not ended");
            false
        })
    }
}

/// The sessions of a user were not counted.
const UNCOUNTED: i64 = i32::MAX as i64;

/// A visit that has been dealt with.
#[derive(Debug)]
pub(crate) struct WrittenVisit {
    pub(crate) outcome: VisitOutcome,
    /// How many live sessions the user has at most.
    pub(crate) sessions_opened: i64,
}

impl WrittenVisit {
    /// Nothing was stored, because the user is disabled.
    const REFUSED: Self = Self {
        outcome: VisitOutcome::UserDisabled,
        sessions_opened: 0,
    };

    fn recorded(account: SessionAccount, sessions_opened: i64) -> Self {
        Self {
            outcome: VisitOutcome::Recorded {
                account: Arc::new(account),
                ended_others: false,
            },
            sessions_opened,
        }
    }
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
        let record = |connection: &mut AnyConnection| {
            let known = Known::load(connection, visits, &self.vault, &key)?;
            let plan = plan(visits.iter().copied(), known);
            write::write(connection, &BatchRows::of(visits, &plan, &self.vault)?)?;
            Ok(plan.outcomes)
        };
        match connection {
            AnyConnection::Postgres(_) => record(connection),
            AnyConnection::Sqlite(_) => transaction::once(connection, record),
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
            Some(account) => Some(WrittenVisit::recorded(account, UNCOUNTED)),
            None => written.next(),
        });
        outcomes
            .collect::<Option<_>>()
            .ok_or_else(|| DatabaseError::nonsense("a batch has fewer outcomes than visits"))
    }
}
