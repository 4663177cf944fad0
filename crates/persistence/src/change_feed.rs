//! What has changed lately. The rows are written by the database's triggers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use domain::id::{SessionId, UserId};
use domain::ports::{Change, ChangeFeed, RepositoryError};

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::pool::Pool;
use crate::schema::changes;
use crate::types::{DbId, Instant};

/// How far back a change is told. A change gets its time before it is committed: this leaves a
/// transaction that waits for a lock its time.
const WINDOW_SECONDS: u32 = 15;

/// When a change is of no use to anybody any longer.
const KEPT_SECONDS: u32 = 60;

/// How often old changes are removed.
const CLEANING_INTERVAL: Duration = Duration::from_mins(1);

/// [`ChangeFeed`] in Diesel.
#[derive(Clone)]
pub struct DieselChangeFeed {
    pool: Pool,
    next_cleaning: Arc<Mutex<Moment>>,
}

impl DieselChangeFeed {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            next_cleaning: Arc::new(Mutex::new(Moment::now() + CLEANING_INTERVAL)),
        }
    }

    fn is_time_to_clean(&self) -> bool {
        let mut next = self
            .next_cleaning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Moment::now();
        let is_due = now >= *next;
        if is_due {
            *next = now + CLEANING_INTERVAL;
        }
        is_due
    }
}

#[async_trait]
impl ChangeFeed for DieselChangeFeed {
    async fn recent(&self) -> Result<Vec<Change>, RepositoryError> {
        if self.is_time_to_clean() {
            self.pool.run(forget_old).await?;
        }
        Ok(self.pool.run(recent).await?)
    }
}

fn recent(connection: &mut AnyConnection) -> Result<Vec<Change>, DatabaseError> {
    let since = seconds_ago(connection, WINDOW_SECONDS);
    let rows = changes::table
        .filter(changes::at.ge(since))
        .select((changes::user_id, changes::session_id))
        .distinct()
        .load::<(Option<DbId>, Option<DbId>)>(connection)?;
    let change = |(user, session): (Option<DbId>, Option<DbId>)| match (user, session) {
        (Some(user), _) => Some(Change::User(UserId::new(user.0))),
        (None, Some(session)) => Some(Change::Session(SessionId::new(session.0))),
        (None, None) => None,
    };
    Ok(rows.into_iter().filter_map(change).collect())
}

fn forget_old(connection: &mut AnyConnection) -> Result<(), DatabaseError> {
    let before = seconds_ago(connection, KEPT_SECONDS);
    diesel::delete(changes::table.filter(changes::at.lt(before))).execute(connection)?;
    Ok(())
}

/// An instant by the database's clock.
fn seconds_ago(connection: &AnyConnection, seconds: u32) -> SqlLiteral<Instant> {
    sql(&match connection {
        AnyConnection::Postgres(_) => {
            format!("clock_timestamp() - interval '{seconds} seconds'")
        }
        AnyConnection::Sqlite(_) => {
            format!("CAST((unixepoch('subsec') - {seconds}) * 1000000 AS INTEGER)")
        }
    })
}
