//! Pushed messages in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use super::in_memory_store::page_of;
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::ports::{Clock, PushOutbox, RepositoryError, StoreResult};
use crate::push::{Backlog, DuePush, ListedPush, NewPush, PushState, Taken};
use crate::time::{Duration, Timestamp, after, before};

/// A [`PushOutbox`] that forgets everything when it is dropped.
pub struct InMemoryOutbox {
    rows: Mutex<Vec<Row>>,
    is_away: AtomicBool,
    clock: Arc<dyn Clock>,
}

struct Row {
    listed: ListedPush,
    repeat_key: [u8; 32],
    body: Vec<u8>,
    held_until: Timestamp,
    settled_at: Timestamp,
    answer: Vec<u8>,
}

impl InMemoryOutbox {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            rows: Mutex::default(),
            is_away: AtomicBool::new(false),
            clock,
        }
    }

    /// From now on it does not answer, or does again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    fn rows(&self) -> StoreResult<MutexGuard<'_, Vec<Row>>> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(RepositoryError::Unavailable("away".into()));
        }
        Ok(self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl PushOutbox for InMemoryOutbox {
    async fn take(&self, message: &NewPush, lease: Duration) -> StoreResult<Taken> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let is_repeat =
            |row: &&Row| row.listed.app == message.app && row.repeat_key == message.repeat_key;
        if let Some(row) = rows.iter().find(is_repeat) {
            return Ok(match row.listed.state {
                PushState::Delivered => Taken::Answered(row.answer.clone()),
                PushState::Waiting if row.held_until > now => Taken::UnderWay,
                PushState::Waiting | PushState::Expired => Taken::Stored,
            });
        }
        rows.push(Row {
            listed: ListedPush {
                id: message.id,
                app: message.app.clone(),
                event: message.event.clone(),
                state: PushState::Waiting,
                attempts: 1,
                received_at: now,
                next_attempt_at: Some(now),
                last_error: None,
            },
            repeat_key: message.repeat_key,
            body: message.body.clone(),
            held_until: after(now, lease),
            settled_at: now,
            answer: Vec::new(),
        });
        Ok(Taken::New)
    }

    async fn delivered(&self, id: Uuid, answer: &[u8]) -> StoreResult<()> {
        for row in self.rows()?.iter_mut().filter(|row| row.listed.id == id) {
            row.settle(PushState::Delivered, self.clock.now());
            row.answer = answer.to_vec();
        }
        Ok(())
    }

    async fn failed(
        &self,
        id: Uuid,
        attempt: u32,
        error: &str,
        pause: Duration,
    ) -> StoreResult<()> {
        let now = self.clock.now();
        let mut rows = self.rows()?;
        for row in rows.iter_mut().filter(|row| row.listed.id == id) {
            if row.listed.attempts == attempt && row.waits() {
                row.held_until = now;
                row.listed.next_attempt_at = Some(after(now, pause));
                row.listed.last_error = Some(error.to_owned());
            }
        }
        Ok(())
    }

    async fn claim_due(&self, limit: u32, lease: Duration) -> StoreResult<Vec<DuePush>> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let is_due = |row: &&mut Row| row.listed.next_attempt_at.is_some_and(|at| at <= now);
        let due = rows.iter_mut().filter(is_due);
        let free = due.filter(|row| row.held_until <= now);
        let claimed = free.take(limit as usize).map(|row| {
            row.listed.attempts += 1;
            row.held_until = after(now, lease);
            DuePush {
                id: row.listed.id,
                app: row.listed.app.clone(),
                event: row.listed.event.clone(),
                attempt: row.listed.attempts,
                body: row.body.clone(),
            }
        });
        Ok(claimed.collect())
    }

    async fn list(
        &self,
        state: Option<PushState>,
        page: Page<Uuid>,
    ) -> StoreResult<Vec<ListedPush>> {
        let rows = self.rows()?;
        let listed = rows.iter().map(|row| row.listed.clone());
        let listed = listed.filter(|row| state.is_none_or(|state| row.state == state));
        Ok(page_of(listed, page, |row| row.id))
    }

    async fn retry(&self, id: Uuid, _: AuditEntry) -> StoreResult<Option<bool>> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let row = rows.iter_mut().find(|row| row.listed.id == id);
        Ok(row.map(|row| {
            row.listed.next_attempt_at = row.waits().then_some(now);
            row.waits()
        }))
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        let (rows, now) = (self.rows()?, self.clock.now());
        let waiting = rows.iter().filter(|row| row.waits());
        let ages = waiting.map(|row| now.duration_since(row.listed.received_at));
        let ages = ages.filter_map(|age| Duration::try_from(age).ok());
        let ages: Vec<_> = ages.collect();
        Ok(Backlog {
            waiting: ages.len() as u64,
            oldest: ages.into_iter().max().unwrap_or_default(),
        })
    }

    async fn expire(&self, patience: Duration, kept: Duration) -> StoreResult<usize> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        rows.retain(|row| row.waits() || row.settled_at > before(now, kept));
        let waiting = rows.iter_mut().filter(|row| row.waits());
        let old = waiting.filter(|row| row.listed.received_at <= before(now, patience));
        Ok(old.map(|row| row.settle(PushState::Expired, now)).count())
    }
}

impl Row {
    fn waits(&self) -> bool {
        self.listed.state == PushState::Waiting
    }

    fn settle(&mut self, state: PushState, now: Timestamp) {
        (self.listed.state, self.listed.next_attempt_at) = (state, None);
        self.settled_at = now;
        self.body.clear();
    }
}
