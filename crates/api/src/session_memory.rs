//! What this replica remembers of sessions and users, so that a request with a token asks the
//! database nothing; and how it learns that it must forget.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::id::{SessionId, UserId};
use domain::ports::{
    Change, ChangeFeed, GenerationUse, RepositoryError, SessionLifecycle, SessionRepository,
};
use domain::secret::SecretHash;
use domain::session::{Generation, ListedSession, Session, SessionAccount};
use domain::time::Timestamp;
use domain::user::{Identity, User};
use moka::sync::Cache;

/// How often the changes other replicas made are read.
const READ_EVERY: Duration = Duration::from_secs(1);

/// How long what is remembered is believed without word from the feed. With the interval above
/// this bounds how late a revocation can be.
const BELIEVED_FOR: Duration = Duration::from_secs(4);

/// How many sessions and users are remembered, and for how long.
const CAPACITY: u64 = 100_000;
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// A [`SessionRepository`] and [`SessionLifecycle`] that remembers what it has read.
///
/// A session is remembered with its user, and believed as long as that very user is the one in
/// `users`: forgetting a user makes every session of theirs be read again, without a search for
/// them.
pub(crate) struct SessionMemory {
    sessions: Arc<dyn SessionRepository>,
    lifecycle: Arc<dyn SessionLifecycle>,
    feed: Arc<dyn ChangeFeed>,
    remembered: Cache<SessionId, Arc<Remembered>>,
    users: Cache<UserId, Arc<User>>,
    start: Instant,
    /// When the feed was last read, ms since `start`; 0 for never.
    heard_at: AtomicU64,
    /// How often something was forgotten.
    forgotten: AtomicU64,
}

struct Remembered {
    session: Session,
    identity: Identity,
    user: Arc<User>,
}

/// A point in the order of what was forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl SessionMemory {
    pub(crate) fn new(
        sessions: Arc<dyn SessionRepository>,
        lifecycle: Arc<dyn SessionLifecycle>,
        feed: Arc<dyn ChangeFeed>,
    ) -> Self {
        Self {
            sessions,
            lifecycle,
            feed,
            remembered: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            users: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            start: Instant::now(),
            heard_at: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
        }
    }

    /// Reads the feed again and again, until the memory is dropped.
    pub(crate) async fn listen(memory: Weak<Self>) {
        while let Some(memory) = memory.upgrade() {
            memory.catch_up().await;
            drop(memory);
            tokio::time::sleep(READ_EVERY).await;
        }
    }

    /// Forgets what has changed, here or elsewhere. If the database does not answer, what is
    /// remembered is soon believed no more.
    pub(crate) async fn catch_up(&self) {
        let asked_at = self.elapsed_ms();
        match self.feed.recent().await {
            Ok(changes) => {
                for change in changes {
                    self.forget(change);
                }
                self.heard_at.fetch_max(asked_at, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::debug!(%error, "the changes of other replicas could not be read");
            }
        }
    }

    /// Now, to be taken before something is read that is to be learnt.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers what has been read since `before`, unless something was forgotten meanwhile: it
    /// could be this.
    pub(crate) fn learn(&self, account: &SessionAccount, before: Moment) {
        if self.moment() != before {
            return;
        }
        let known = self.users.get(&account.user.id);
        let known = known.filter(|known| **known == account.user);
        let user = known.unwrap_or_else(|| {
            let user = Arc::new(account.user.clone());
            self.users.insert(user.id, Arc::clone(&user));
            user
        });
        let (session, identity) = (account.session.clone(), account.identity.clone());
        let remembered = Remembered {
            session,
            identity,
            user,
        };
        self.remembered
            .insert(account.session.id, Arc::new(remembered));
        if self.moment() != before {
            // Forgotten between the look and the insertion.
            self.remembered.invalidate(&account.session.id);
            self.users.invalidate(&account.user.id);
        }
    }

    fn forget(&self, change: Change) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        match change {
            Change::Session(id) => self.remembered.invalidate(&id),
            Change::User(id) => self.users.invalidate(&id),
        }
    }

    fn recall(&self, id: SessionId) -> Option<SessionAccount> {
        if self.elapsed_ms() > self.heard_at.load(Ordering::Relaxed) + millis(BELIEVED_FOR) {
            return None;
        }
        let remembered = self.remembered.get(&id)?;
        let Remembered {
            session,
            identity,
            user,
        } = &*remembered;
        let current = self.users.get(&session.user_id)?;
        Arc::ptr_eq(&current, user).then(|| SessionAccount {
            session: session.clone(),
            user: (**user).clone(),
            identity: identity.clone(),
        })
    }

    fn elapsed_ms(&self) -> u64 {
        millis(self.start.elapsed())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl SessionRepository for SessionMemory {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        if let Some(account) = self.recall(id) {
            return Ok(Some(account));
        }
        let before = self.moment();
        let found = self.sessions.find(id).await?;
        if let Some(account) = &found {
            self.learn(account, before);
        }
        Ok(found)
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> Result<Option<SessionAccount>, RepositoryError> {
        self.sessions.find_repeated(code, nonce, since).await
    }
}

#[async_trait]
impl SessionLifecycle for SessionMemory {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<GenerationUse, RepositoryError> {
        let before = self.moment();
        let used = self
            .lifecycle
            .use_generation(id, generation, at, expires_at)
            .await?;
        match &used {
            GenerationUse::Live(account) => self.learn(account, before),
            GenerationUse::Replayed | GenerationUse::Ended => self.forget(Change::Session(id)),
        }
        Ok(used)
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<ListedSession>, RepositoryError> {
        self.lifecycle.list(user, now).await
    }

    async fn end(
        &self,
        user: UserId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let ended = self.lifecycle.end(user, id, at).await?;
        self.forget(Change::Session(id));
        Ok(ended)
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<usize, RepositoryError> {
        let ended = self.lifecycle.end_all(user, at).await?;
        self.forget(Change::User(user));
        Ok(ended)
    }
}

#[cfg(test)]
mod tests;
