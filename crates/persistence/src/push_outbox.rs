//! Pushed messages for other services of the team.

mod claim;

use async_trait::async_trait;
use diesel::dsl::{count_star, exists, min};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text};
use domain::account::Page;
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId};
use domain::ports::{PushOutbox, StoreResult};
use domain::push::{Backlog, DuePush, ListedPush, NewPush, PushState, Taken};
use domain::time::{Duration, Timestamp, before};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::audit;
use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::{DatabaseError, DbResult};
use crate::schema::push_messages;
use crate::statement::{Prepared, statement, value};
use crate::store_clock::{later_by, now, now_of};
use crate::transaction::transaction;
use crate::types::{DbId, DbInstant, Id};

/// What messages and answers are sealed for, each bound to its id and column.
pub(crate) const PURPOSE: &str = "push_message";

pub(crate) fn payload_context(id: &Uuid) -> [&[u8]; 2] {
    [id.as_bytes(), b"payload"]
}

pub(crate) fn answer_context(id: &Uuid) -> [&[u8]; 2] {
    [id.as_bytes(), b"answer"]
}

#[async_trait]
impl PushOutbox for Database {
    async fn take(&self, message: &NewPush, lease: Duration) -> StoreResult<Taken> {
        let vault = &self.vaults.push_messages;
        let user = message.user.as_ref();
        let row = claim::NewRow {
            id: DbId(message.id),
            app_id: message.app.to_string(),
            event: message.event.clone(),
            repeat_key: message.repeat_key,
            user_hash: user.map(|user| user_hash(&message.app, user)),
            payload: vault.seal(&payload_context(&message.id), &message.body)?,
        };
        let taken = self.repeat(move |connection| claim::take(connection, &row, lease));
        let (id, taken) = taken.await?;
        Ok(match taken {
            Taken::Answered(sealed) => {
                let opened = vault.open(&answer_context(&id.0), &sealed);
                opened.map_or(Taken::Stored, |answer| Taken::Answered(answer.to_vec()))
            }
            other => other,
        })
    }

    async fn delivered(&self, id: Uuid, answer: &[u8]) -> StoreResult<()> {
        let vault = &self.vaults.push_messages;
        let sealed = match answer {
            [] => None,
            answer => Some(vault.seal(&answer_context(&id), answer)?),
        };
        self.repeat(move |connection| {
            let parameters = vec![
                value::<Nullable<Binary>, _, _>(sealed.as_deref()),
                now_of(connection),
                value::<Id, _, _>(DbId(id)),
            ];
            Prepared::<Delivered, AnyBackend>::new(parameters).execute(connection)?;
            Ok(())
        })
        .await
    }

    async fn failed(
        &self,
        id: Uuid,
        attempt: u32,
        error: &str,
        pause: Duration,
    ) -> StoreResult<()> {
        let error = error.to_owned();
        self.repeat(move |connection| {
            let parameters = vec![
                later_by(pause, connection),
                value::<Text, _, _>(error.as_str()),
                value::<Id, _, _>(DbId(id)),
                value::<Integer, _, _>(i32::try_from(attempt).unwrap_or(i32::MAX)),
            ];
            Prepared::<Failed, AnyBackend>::new(parameters).execute(connection)?;
            Ok(())
        })
        .await
    }

    async fn claim_due(&self, limit: u32, lease: Duration) -> StoreResult<Vec<DuePush>> {
        let claimed = self.pool.run(move |connection| {
            // Most looks find nothing, and a transaction would keep SQLite's other writers waiting.
            if !claim::is_any_due(connection)? {
                return Ok(Vec::new());
            }
            transaction(connection, |connection| {
                claim::claim_due(connection, limit, lease)
            })
        });
        let (vault, mut due) = (&self.vaults.push_messages, claimed.await?);
        due.retain_mut(|message| {
            let opened = vault.open(&payload_context(&message.id), &message.body);
            if opened.is_none() {
                // It stays claimed for a while, and is tried again: the key may come back.
                vault.report_lost("a pushed message that waits");
            }
            opened.map(|body| message.body = body.to_vec()).is_some()
        });
        Ok(due)
    }

    async fn list(
        &self,
        state: Option<PushState>,
        page: Page<Uuid>,
    ) -> StoreResult<Vec<ListedPush>> {
        self.call(move |connection| {
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
        })
        .await
    }

    async fn retry(&self, id: Uuid, audit: AuditEntry) -> StoreResult<Option<bool>> {
        self.transact(move |connection| {
            // An attempt that is under way is left alone; the message is due when it has failed.
            let now = now(connection)?;
            let message = push_messages::table.find(DbId(id));
            if !diesel::select(exists(message)).get_result::<bool>(connection)? {
                return Ok(None);
            }
            let due = diesel::update(message.filter(push_messages::state.eq("waiting")))
                .set(push_messages::next_attempt_at.eq(DbInstant::from(now)))
                .execute(connection)?;
            if due == 0 {
                return Ok(Some(false));
            }
            audit::record(connection, &audit)?;
            Ok(Some(true))
        })
        .await
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        self.call(|connection| {
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
        })
        .await
    }

    async fn expire(&self, patience: Duration, kept: Duration) -> StoreResult<usize> {
        self.transact(move |connection| {
            let now = now(connection)?;
            let too_old = push_messages::table
                .filter(push_messages::state.eq("waiting"))
                .filter(push_messages::received_at.lt(DbInstant::from(before(now, patience))));
            let expired = diesel::update(too_old)
                .set((
                    push_messages::state.eq("expired"),
                    push_messages::payload.eq(None::<Vec<u8>>),
                    push_messages::user_hash.eq(None::<Vec<u8>>),
                    push_messages::claimed_until.eq(None::<DbInstant>),
                    push_messages::settled_at.eq(Some(DbInstant::from(now))),
                ))
                .execute(connection)?;
            let settled = push_messages::table
                .filter(push_messages::state.ne("waiting"))
                .filter(push_messages::settled_at.lt(DbInstant::from(before(now, kept))));
            diesel::delete(settled).execute(connection)?;
            Ok(expired)
        })
        .await
    }
}

statement! {
    /// Nothing of the message stays but that it was delivered, and what was answered.
    Delivered = "
UPDATE push_messages
SET state = 'delivered', payload = NULL, user_hash = NULL, answer = $1, claimed_until = NULL,
    last_error = NULL, settled_at = $2
WHERE id = $3 AND state = 'waiting'"
}

statement! {
    Failed = "
UPDATE push_messages
SET next_attempt_at = $1, claimed_until = NULL, last_error = $2
WHERE id = $3 AND state = 'waiting' AND attempts = $4"
}

/// Removes the waiting messages about a user who is being deleted.
pub(crate) fn forget_user(
    connection: &mut AnyConnection,
    app: &AppId,
    user: &OpenId,
) -> DbResult<()> {
    let of_user = push_messages::table.filter(push_messages::user_hash.eq(user_hash(app, user)));
    diesel::delete(of_user).execute(connection)?;
    Ok(())
}

/// By what a message is found when its user is deleted.
fn user_hash(app: &AppId, user: &OpenId) -> Vec<u8> {
    let parts = [app.as_str().as_bytes(), b"\0", user.as_str().as_bytes()];
    Sha256::digest(parts.concat()).to_vec()
}

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

impl ListedRow {
    fn into_listed(self) -> DbResult<ListedPush> {
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
