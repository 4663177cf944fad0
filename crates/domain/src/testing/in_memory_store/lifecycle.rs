//! The lifecycle of sessions.

use async_trait::async_trait;

use super::{InMemoryStore, SessionRow, Tables};
use crate::account::Page;
use crate::id::{SessionId, UserId};
use crate::ports::{Change, GenerationUse, SessionLifecycle, StoreResult, TokenUse};
use crate::session::{Generation, ListedSession};
use crate::time::Timestamp;

#[async_trait]
impl SessionLifecycle for InMemoryStore {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> StoreResult<GenerationUse> {
        let mut tables = self.tables();
        let used = tables.use_generation(id, generation, at, token);
        Ok(used.unwrap_or(GenerationUse::Ended))
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>> {
        let mut listed = self.tables().sessions_of(user);
        let is_after = |id| page.after.is_none_or(|after| id < after);
        listed.retain(|listed| listed.session.is_live(now) && is_after(listed.session.id));
        listed.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(listed)
    }

    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        let mut tables = self.tables();
        let ended = tables.end(user, at, |row| row.session.id == id);
        let is_done =
            |row: &SessionRow| (row.session.user_id, row.session.ended_at) == (user, Some(at));
        Ok(ended > 0 || tables.sessions.get(&id).is_some_and(is_done))
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> StoreResult<usize> {
        Ok(self.tables().end(user, at, |_| true))
    }
}

impl Tables {
    /// Ends those sessions of a user that are `meant` and live. Gives how many.
    pub(super) fn end(
        &mut self,
        user: UserId,
        at: Timestamp,
        meant: impl Fn(&SessionRow) -> bool,
    ) -> usize {
        let live = self
            .sessions
            .values_mut()
            .filter(|row| row.session.user_id == user && row.session.is_live(at) && meant(row));
        let ended: Vec<_> = live
            .map(|row| {
                row.session.ended_at = Some(at);
                Change::Session(row.session.id)
            })
            .collect();
        self.changes.extend(&ended);
        ended.len()
    }

    /// Ends the oldest live sessions of a user beyond `bound`. Gives whether there were any.
    pub(super) fn bound(&mut self, user: UserId, bound: u32, at: Timestamp) -> bool {
        let rows = self.sessions.values();
        let live = rows.filter(|row| row.session.user_id == user && row.session.is_live(at));
        let mut live: Vec<_> = live
            .map(|row| (row.session.created_at, row.session.id))
            .collect();
        live.sort_unstable();
        let kept = usize::try_from(bound).unwrap_or(usize::MAX);
        if bound == 0 || live.len() <= kept {
            return false;
        }
        live.truncate(live.len() - kept);
        let is_old = |row: &SessionRow| live.iter().any(|(_, id)| *id == row.session.id);
        self.end(user, at, is_old) > 0
    }

    /// All sessions of a user, the newest first.
    pub(super) fn sessions_of(&self, user: UserId) -> Vec<ListedSession> {
        let rows = self.sessions.values();
        let mut listed: Vec<_> = rows
            .filter(|row| row.session.user_id == user)
            .map(|row| ListedSession {
                session: row.session.clone(),
                app_id: row.identity.0.clone(),
            })
            .collect();
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.session.id));
        listed
    }

    /// `None` if the session, or its user, is there no longer.
    fn use_generation(
        &mut self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> Option<GenerationUse> {
        let account = self.account(self.sessions.get(&id)?)?;
        if !account.session.is_live(at) || account.user.disabled_at.is_some() {
            return Some(GenerationUse::Ended);
        }
        if generation < account.session.generation {
            let is_taken = match token {
                TokenUse::Access => true,
                TokenUse::Refresh { grace, .. } => {
                    account.session.is_in_grace(generation, at, grace)
                }
            };
            if is_taken {
                return Some(GenerationUse::Live(Box::new(account)));
            }
            self.end(account.user.id, at, |row| row.session.id == id);
            return Some(GenerationUse::Replayed);
        }
        let row = self.sessions.get_mut(&id)?;
        if generation > row.session.generation {
            row.session.generation = generation;
            row.session.last_used_at = at;
        }
        if let TokenUse::Refresh { expires_at, .. } = token {
            row.session.expires_at = expires_at;
        }
        let account = self.account(self.sessions.get(&id)?)?;
        Some(GenerationUse::Live(Box::new(account)))
    }
}
