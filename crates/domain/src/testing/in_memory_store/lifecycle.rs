//! The lifecycle of sessions.

use async_trait::async_trait;

use super::{InMemoryStore, Tables, newest_of};
use crate::account::Page;
use crate::id::{SessionId, UserId};
use crate::ports::{Change, GenerationUse, SessionLifecycle, StoreResult, TokenUse};
use crate::session::{Generation, ListedSession, Session};
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
        let tables = self.tables();
        Ok(tables.sessions_of(user, page, |session| session.is_live(now)))
    }

    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        let mut tables = self.tables();
        tables.end(user, at, |session| session.id == id);
        let ended = tables.sessions.get(&id).map(|row| &row.session);
        Ok(ended.is_some_and(|ended| (ended.user_id, ended.ended_at) == (user, Some(at))))
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
        meant: impl Fn(&Session) -> bool,
    ) -> usize {
        let before = self.changes.len();
        for session in self.sessions.values_mut().map(|row| &mut row.session) {
            if session.user_id == user && session.is_live(at) && meant(session) {
                session.ended_at = Some(at);
                self.changes.push(Change::Session(session.id));
            }
        }
        self.changes.len() - before
    }

    /// Ends the oldest live sessions of a user beyond `bound`. Gives whether there were any.
    pub(super) fn bound(&mut self, user: UserId, bound: u32, at: Timestamp) -> bool {
        let sessions = self.sessions.values().map(|row| &row.session);
        let live = sessions.filter(|session| session.user_id == user && session.is_live(at));
        let age = |session: &Session| (session.created_at, session.id);
        let mut live: Vec<_> = live.map(age).collect();
        live.sort_unstable();
        live.truncate(live.len().saturating_sub(bound as usize));
        bound > 0 && self.end(user, at, |session| live.contains(&age(session))) > 0
    }

    /// A page of those sessions of a user that are `meant`, the newest first.
    pub(super) fn sessions_of(
        &self,
        user: UserId,
        page: Page<SessionId>,
        meant: impl Fn(&Session) -> bool,
    ) -> Vec<ListedSession> {
        let rows = self.sessions.values();
        let rows = rows.filter(|row| row.session.user_id == user && meant(&row.session));
        let listed = rows.map(|row| ListedSession {
            session: row.session.clone(),
            app_id: row.identity.0.clone(),
        });
        newest_of(listed, page, |listed| listed.session.id)
    }

    /// `None` if the session cannot be used.
    fn use_generation(
        &mut self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> Option<GenerationUse> {
        self.account(id).filter(|account| account.is_usable(at))?;
        let session = &mut self.sessions.get_mut(&id)?.session;
        match token {
            TokenUse::Refresh { grace, .. } if generation < session.generation => {
                if !session.is_in_grace(generation, at, grace) {
                    session.ended_at = Some(at);
                    self.changes.push(Change::Session(id));
                    return Some(GenerationUse::Replayed);
                }
            }
            TokenUse::Refresh { expires_at, .. } => session.expires_at = expires_at,
            TokenUse::Access => {}
        }
        if generation > session.generation {
            (session.generation, session.last_used_at) = (generation, at);
        }
        let account = self.account(id)?;
        Some(GenerationUse::Live(Box::new(account)))
    }
}
