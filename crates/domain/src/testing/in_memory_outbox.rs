//! Pushed messages in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

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
    message: NewPush,
    state: PushState,
    attempts: u32,
    received_at: Timestamp,
    due_at: Timestamp,
    held_until: Timestamp,
    settled_at: Timestamp,
    answer: Vec<u8>,
    error: Option<String>,
}

impl InMemoryOutbox {
    /// An empty outbox whose times are those of `clock`.
    #[must_use]
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
        let name = |message: &NewPush| (message.app.clone(), message.repeat_key);
        let mut known = rows.iter();
        if let Some(row) = known.find(|row| name(&row.message) == name(message)) {
            return Ok(match row.state {
                PushState::Delivered => Taken::Answered(row.answer.clone()),
                PushState::Waiting if row.held_until > now => Taken::UnderWay,
                PushState::Waiting | PushState::Expired => Taken::Stored,
            });
        }
        rows.push(Row {
            message: message.clone(),
            state: PushState::Waiting,
            attempts: 1,
            received_at: now,
            due_at: now,
            held_until: after(now, lease),
            settled_at: now,
            answer: Vec::new(),
            error: None,
        });
        Ok(Taken::New)
    }

    async fn delivered(&self, id: Uuid, answer: &[u8]) -> StoreResult<()> {
        for row in self.rows()?.iter_mut().filter(|row| row.message.id == id) {
            row.state = PushState::Delivered;
            row.settled_at = self.clock.now();
            row.answer = answer.to_vec();
            row.message.body.clear();
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
        for row in rows.iter_mut().filter(|row| row.message.id == id) {
            if row.attempts == attempt && row.state == PushState::Waiting {
                (row.due_at, row.held_until) = (after(now, pause), now);
                row.error = Some(error.to_owned());
            }
        }
        Ok(())
    }

    async fn claim_due(&self, limit: u32, lease: Duration) -> StoreResult<Vec<DuePush>> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let due = rows.iter_mut().filter(|row| {
            row.state == PushState::Waiting && row.held_until <= now && row.due_at <= now
        });
        let claimed = due.take(limit as usize).map(|row| {
            row.attempts += 1;
            row.held_until = after(now, lease);
            DuePush {
                id: row.message.id,
                app: row.message.app.clone(),
                event: row.message.event.clone(),
                attempt: row.attempts,
                body: row.message.body.clone(),
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
        let mut listed: Vec<_> = rows
            .iter()
            .filter(|row| state.is_none_or(|state| row.state == state))
            .filter(|row| page.after.is_none_or(|after| row.message.id > after))
            .map(Row::listed)
            .collect();
        listed.sort_by_key(|row| row.id);
        listed.truncate(page.limit as usize);
        Ok(listed)
    }

    async fn retry(&self, id: Uuid, _: AuditEntry) -> StoreResult<Option<bool>> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let row = rows.iter_mut().find(|row| row.message.id == id);
        Ok(row.map(|row| {
            row.due_at = now;
            row.state == PushState::Waiting
        }))
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        let (rows, now) = (self.rows()?, self.clock.now());
        let waiting = rows.iter().filter(|row| row.state == PushState::Waiting);
        let ages = waiting.map(|row| now.duration_since(row.received_at));
        let ages: Vec<_> = ages
            .filter_map(|age| Duration::try_from(age).ok())
            .collect();
        Ok(Backlog {
            waiting: ages.len() as u64,
            oldest: ages.into_iter().max().unwrap_or_default(),
        })
    }

    async fn expire(&self, patience: Duration, kept: Duration) -> StoreResult<usize> {
        let (mut rows, now) = (self.rows()?, self.clock.now());
        let is_settled = |row: &Row| row.state != PushState::Waiting;
        rows.retain(|row| !is_settled(row) || row.settled_at > before(now, kept));
        let waiting = rows.iter_mut().filter(|row| !is_settled(row));
        let expired = waiting.filter(|row| row.received_at <= before(now, patience));
        Ok(expired
            .map(|row| {
                (row.state, row.settled_at) = (PushState::Expired, now);
                row.message.body.clear();
            })
            .count())
    }
}

impl Row {
    fn listed(&self) -> ListedPush {
        ListedPush {
            id: self.message.id,
            app: self.message.app.clone(),
            event: self.message.event.clone(),
            state: self.state,
            attempts: self.attempts,
            received_at: self.received_at,
            next_attempt_at: (self.state == PushState::Waiting).then_some(self.due_at),
            last_error: self.error.clone(),
        }
    }
}
