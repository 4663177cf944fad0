//! Pushed messages for other services of the team.

mod claim;
mod settle;
mod show;

use async_trait::async_trait;
use domain::account::Page;
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId};
use domain::ports::{PushOutbox, RepositoryError};
use domain::push::{Backlog, DuePush, ListedPush, NewPush, PushState, Taken};
use domain::time::{Duration, Timestamp, after};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::database::Database;
use crate::transaction::{repeated, transaction};
use crate::types::DbInstant;

pub(crate) use settle::forget_user;

/// What messages and answers are sealed for, each bound to its id and column.
pub(crate) const PURPOSE: &str = "push_message";

/// What a payload is sealed for.
pub(crate) fn payload_context(id: &Uuid) -> [&[u8]; 2] {
    [id.as_bytes(), b"payload"]
}

/// What an answer is sealed for.
pub(crate) fn answer_context(id: &Uuid) -> [&[u8]; 2] {
    [id.as_bytes(), b"answer"]
}

#[async_trait]
impl PushOutbox for Database {
    async fn take(&self, message: &NewPush, lease: Duration) -> Result<Taken, RepositoryError> {
        let vault = &self.vaults.push_messages;
        let user = message.user.as_ref();
        let row = claim::NewRow {
            id: message.id,
            app_id: message.app.to_string(),
            event: message.event.clone(),
            repeat_key: message.repeat_key,
            user_hash: user.map(|user| user_hash(&message.app, user)),
            payload: vault.seal(&payload_context(&message.id), &message.body)?,
        };
        let found = self.call(move |one| repeated(one, |one| claim::take(one, &row, lease)));
        Ok(match found.await? {
            claim::Found::Nothing => Taken::New,
            claim::Found::UnderWay => Taken::UnderWay,
            claim::Found::Settled { id, answer } => {
                let opened = answer.and_then(|sealed| {
                    let opened = vault.open(&answer_context(&id), &sealed);
                    opened.ok().map(|answer| answer.to_vec())
                });
                opened.map_or(Taken::Stored, Taken::Answered)
            }
        })
    }

    async fn delivered(&self, id: Uuid, answer: &[u8]) -> Result<(), RepositoryError> {
        let sealed = match answer {
            [] => None,
            answer => Some(
                self.vaults
                    .push_messages
                    .seal(&answer_context(&id), answer)?,
            ),
        };
        let answer = move |one: &mut _| settle::delivered(one, id, sealed.as_deref());
        self.call(move |connection| repeated(connection, &answer))
            .await
    }

    async fn failed(
        &self,
        id: Uuid,
        attempt: u32,
        error: &str,
        pause: Duration,
    ) -> Result<(), RepositoryError> {
        let error = error.to_owned();
        let why = move |one: &mut _| settle::failed(one, id, attempt, &error, pause);
        self.call(move |connection| repeated(connection, &why))
            .await
    }

    async fn claim_due(
        &self,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<DuePush>, RepositoryError> {
        let claimed = self.pool.run(move |connection| {
            // Most looks find nothing, and a transaction would keep SQLite's other writers waiting.
            if !claim::is_any_due(connection)? {
                return Ok(Vec::new());
            }
            transaction(connection, |connection| {
                claim::claim_due(connection, limit, lease)
            })
        });
        let (vault, mut due) = (&self.vaults.push_messages, Vec::new());
        for row in claimed.await? {
            match vault.open(&payload_context(&row.id), &row.payload) {
                Ok(body) => due.push(DuePush {
                    id: row.id,
                    app: AppId::new(row.app_id),
                    event: row.event,
                    attempt: row.attempt,
                    body: body.to_vec(),
                }),
                // It stays claimed for a while, and is tried again: the key may come back.
                Err(_) => vault.report_lost("a pushed message that waits"),
            }
        }
        Ok(due)
    }

    async fn list(
        &self,
        state: Option<PushState>,
        page: Page<Uuid>,
    ) -> Result<Vec<ListedPush>, RepositoryError> {
        self.call(move |connection| show::list(connection, state, page))
            .await
    }

    async fn retry(&self, id: Uuid, audit: AuditEntry) -> Result<Option<bool>, RepositoryError> {
        self.transact(move |connection| settle::retry(connection, id, &audit))
            .await
    }

    async fn backlog(&self) -> Result<Backlog, RepositoryError> {
        Ok(self.pool.run(show::backlog).await?)
    }

    async fn expire(&self, patience: Duration, kept: Duration) -> Result<usize, RepositoryError> {
        self.transact(move |connection| settle::expire(connection, patience, kept))
            .await
    }
}

/// By what a message is found when its user is deleted.
fn user_hash(app: &AppId, user: &OpenId) -> Vec<u8> {
    let parts = [app.as_str().as_bytes(), b"\0", user.as_str().as_bytes()];
    Sha256::digest(parts.concat()).to_vec()
}

fn in_a_while(now: Timestamp, span: Duration) -> DbInstant {
    DbInstant::from(after(now, span))
}
