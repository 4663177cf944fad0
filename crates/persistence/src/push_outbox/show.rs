//! The outbox, as the operator sees it.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use domain::account::Page;
use domain::id::AppId;
use domain::push::{Backlog, ListedPush, PushState};
use domain::time::{Duration, Timestamp};
use uuid::Uuid;

use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DatabaseError;
use crate::schema::push_messages;
use crate::store_clock::now;
use crate::types::{DbId, DbInstant};

#[derive(Queryable, Selectable)]
#[diesel(table_name = push_messages)]
struct ListedRow {
    id: DbId,
    app_id: String,
    event: String,
    state: String,
    attempts: i32,
    received_at: DbInstant,
    next_attempt_at: DbInstant,
    last_error: Option<String>,
}

pub(super) fn list(
    connection: &mut AnyConnection,
    state: Option<PushState>,
    page: Page<Uuid>,
) -> Result<Vec<ListedPush>, DatabaseError> {
    let mut rows = push_messages::table
        .select(ListedRow::as_select())
        .into_boxed::<AnyBackend>();
    if let Some(state) = state {
        rows = rows.filter(push_messages::state.eq(state.as_str()));
    }
    if let Some(after) = page.after {
        rows = rows.filter(push_messages::id.gt(DbId(after)));
    }
    let rows = rows
        .order(push_messages::id)
        .limit(page.limit.into())
        .load(connection)?;
    rows.into_iter().map(ListedRow::into_listed).collect()
}

impl ListedRow {
    fn into_listed(self) -> Result<ListedPush, DatabaseError> {
        let state = PushState::from_name(&self.state)
            .ok_or_else(|| DatabaseError::nonsense("a pushed message is in an unknown state"))?;
        let is_waiting = state == PushState::Waiting;
        Ok(ListedPush {
            id: self.id.0,
            app: AppId::new(self.app_id),
            event: self.event,
            state,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            received_at: self.received_at.into(),
            next_attempt_at: is_waiting.then(|| self.next_attempt_at.into()),
            last_error: self.last_error,
        })
    }
}

pub(super) fn backlog(connection: &mut AnyConnection) -> Result<Backlog, DatabaseError> {
    let now = now(connection)?;
    let waiting = push_messages::table.filter(push_messages::state.eq("waiting"));
    let count = waiting.select(count_star()).first::<i64>(connection)?;
    let oldest = waiting
        .select(min(push_messages::received_at))
        .first::<Option<DbInstant>>(connection)?
        .map(Timestamp::from);
    let age = oldest.and_then(|oldest| Duration::try_from(now.duration_since(oldest)).ok());
    Ok(Backlog {
        waiting: u64::try_from(count).unwrap_or(0),
        oldest: age.unwrap_or_default(),
    })
}
