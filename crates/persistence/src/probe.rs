//! Whether the database accepts writes now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{NotReady, ReadinessProbe};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::{DatabaseError, DbResult, FailureKind};
use crate::group_commit::LaneStatus;
use crate::schema::write_probes;
use crate::transaction::transaction;
use crate::types::DbId;
use crate::{migrations, privileges};

/// How long it is believed that something can be written, so that it does not matter how often
/// readiness is asked for.
const BELIEVED: Duration = Duration::from_secs(1);

/// More than is free on the pages of a table that is in use.
const FILLER_BYTES: usize = 32 * 1024;

/// [`ReadinessProbe`] of the database: it answers, its schema is the newest, the master keys are
/// those of it, and a login could be written.
#[derive(Clone)]
pub(crate) struct DieselReadinessProbe {
    database: Database,
    written_at: Arc<Mutex<Option<Instant>>>,
}

impl DieselReadinessProbe {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            written_at: Arc::default(),
        }
    }
}

#[async_trait]
impl ReadinessProbe for DieselReadinessProbe {
    async fn probe(&self) -> Result<(), NotReady> {
        let stored_keys = Arc::clone(&self.database.vaults.stored_keys);
        let looked = self.database.pool.run(move |connection| {
            let is_newest = migrations::is_newest(connection)?;
            if is_newest {
                stored_keys.look(connection)?;
            }
            Ok(is_newest)
        });
        match looked.await {
            Ok(true) => {}
            Ok(false) => return Err(NotReady::SchemaOutdated),
            Err(error) if error.kind == FailureKind::WrongMasterKey => {
                return Err(NotReady::WrongMasterKey);
            }
            Err(error) => return Err(NotReady::Unreachable(Box::new(error))),
        }
        let written = self.write().await;
        written.map_err(|error| NotReady::CannotWrite(Box::new(error)))
    }
}

impl DieselReadinessProbe {
    async fn write(&self) -> DbResult<()> {
        let (visits, token_uses) = (&self.database.visits, &self.database.token_uses);
        let lanes = [visits.status(), token_uses.status()];
        if lanes.into_iter().flatten().any(LaneStatus::is_cut_off) {
            let text = "the database gives no connection to the writers of logins";
            return Err(DatabaseError::unavailable(text));
        }
        let by_a_login = visits.status().and_then(LaneStatus::written_ago);
        let by_a_probe = self.written_at.lock().map(|at| at.elapsed());
        let mut written = by_a_login.into_iter().chain(by_a_probe);
        if written.any(|ago| ago < BELIEVED) {
            return Ok(());
        }
        self.database.pool.run(may_write).await?;
        *self.written_at.lock() = Some(Instant::now());
        Ok(())
    }
}

/// Writes and deletes a row, durably. Replicas do not meet at it.
fn may_write(connection: &mut AnyConnection) -> DbResult<()> {
    // A privilege that is missing on one table alone would show at the next login, after its code
    // is spent.
    if let AnyConnection::Postgres(connection) = connection {
        privileges::check_granted(connection)?;
    }
    let mut filler = vec![0; FILLER_BYTES];
    rand::fill(&mut filler[..]);
    let id = DbId(Uuid::from_u128(rand::random()));
    transaction(connection, |connection| {
        diesel::insert_into(write_probes::table)
            .values((write_probes::id.eq(id), write_probes::filler.eq(&filler)))
            .execute(connection)?;
        diesel::delete(write_probes::table.find(id)).execute(connection)?;
        Ok(())
    })
}
