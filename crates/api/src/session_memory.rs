//! What this replica remembers of sessions and users, so that a request with a token asks the
//! database nothing; and how it learns that it must forget.

mod forgotten_users;
mod latest_logins;
mod weight;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::id::{SessionId, UserId};
use domain::login::Login;
use domain::ports::{
    Change, ChangeFeed, GenerationUse, RepositoryError, SessionLifecycle, SessionRepository,
};
use domain::secret::SecretHash;
use domain::session::{Generation, ListedSession, SessionAccount};
use domain::time::Timestamp;
use quick_cache::sync::Cache;

use forgotten_users::ForgottenUsers;
use latest_logins::LatestLogins;
use weight::Weight;

/// How often the changes other replicas made are read.
const READ_EVERY: Duration = Duration::from_secs(1);

/// How long what is remembered is believed without word from the feed. With the interval above
/// this bounds how late a revocation can be.
const BELIEVED_FOR: Duration = Duration::from_secs(4);

/// How long a session is remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// What all that is remembered may weigh, bytes: some 6 500 sessions, those that were used least
/// go first. With fewer a busy replica would ask the database more often, with more the storm of
/// logins after an outage would make it fat.
const CAPACITY: u64 = 7 << 19;

/// How many sessions that is, more or less; the cache lays itself out for so many.
const USUALLY: usize = 6_500;

/// A [`SessionRepository`] and [`SessionLifecycle`] that remembers what it has read.
///
/// A session is remembered with its user, and believed unless the user was forgotten, or has logged
/// in here, since: so that makes every session of theirs be read again, without a search for them.
pub(crate) struct SessionMemory {
    sessions: Arc<dyn SessionRepository>,
    lifecycle: Arc<dyn SessionLifecycle>,
    feed: Arc<dyn ChangeFeed>,
    remembered: Cache<SessionId, Remembered, Weight>,
    users: ForgottenUsers,
    logins: LatestLogins,
    start: Instant,
    /// When the feed was last read, ms since `start`; 0 for never.
    heard_at: AtomicU64,
    /// How often something was forgotten.
    forgotten: AtomicU64,
}

#[derive(Clone)]
struct Remembered {
    account: Arc<SessionAccount>,
    /// All that was forgotten up to this moment was known when the session was read.
    learnt: Moment,
    /// So were all logins up to this one.
    logins: u64,
    /// When it was learnt, ms since the memory's `start`.
    at: u64,
}

/// A point in the order of what was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

/// What was known before something was read.
#[derive(Clone, Copy)]
pub(crate) struct Before {
    moment: Moment,
    logins: u64,
}

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
            remembered: Cache::with_weighter(USUALLY, CAPACITY, Weight),
            users: ForgottenUsers::default(),
            logins: LatestLogins::default(),
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
        let oldest = asked_at.saturating_sub(millis(REMEMBERED_FOR));
        self.users.drop_older_than(oldest);
    }

    /// Now, to be taken before something is read that is to be learnt.
    pub(crate) fn before(&self) -> Before {
        Before {
            moment: self.moment(),
            logins: self.logins.count(),
        }
    }

    fn moment(&self) -> Moment {
        Moment(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers a login; what is remembered with other sessions of its user is not believed any
    /// more, because it may have changed the user.
    pub(crate) fn learn_login(&self, login: Login, mut before: Before) {
        if !login.is_new_user {
            before.logins = self.logins.add(login.account.user.id);
        }
        self.learn(&Arc::new(login.account), before);
    }

    /// Remembers what has been read since `before`, unless something was forgotten meanwhile: it
    /// could be this.
    fn learn(&self, account: &Arc<SessionAccount>, before: Before) {
        if self.moment() != before.moment {
            return;
        }
        let remembered = Remembered {
            account: Arc::clone(account),
            learnt: before.moment,
            logins: before.logins,
            at: self.elapsed_ms(),
        };
        self.remembered.insert(account.session.id, remembered);
        if self.moment() != before.moment {
            // Forgotten between the look and the insertion.
            self.remembered.remove(&account.session.id);
        }
    }

    fn forget(&self, change: Change) {
        let moment = Moment(self.forgotten.fetch_add(1, Ordering::SeqCst) + 1);
        match change {
            Change::Session(id) => {
                self.remembered.remove(&id);
            }
            Change::User(id) => self.users.forget(id, moment, self.elapsed_ms()),
        }
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
        if let Some(account) = self.remembered(id) {
            return Ok(Some(SessionAccount::clone(&account)));
        }
        let before = self.before();
        let found = self.sessions.find(id).await?;
        if let Some(account) = &found {
            self.learn(&Arc::new(account.clone()), before);
        }
        Ok(found)
    }

    fn remembered(&self, id: SessionId) -> Option<Arc<SessionAccount>> {
        let now = self.elapsed_ms();
        if now > self.heard_at.load(Ordering::Relaxed) + millis(BELIEVED_FOR) {
            return None;
        }
        let known = self.remembered.get(&id)?;
        let is_young = now < known.at + millis(REMEMBERED_FOR);
        let user = known.account.user.id;
        let user_is_known = known.learnt >= self.users.forgotten_at(user);
        let user_is_current = known.logins >= self.logins.of(user);
        (is_young && user_is_known && user_is_current).then_some(known.account)
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
        let before = self.before();
        let used = self
            .lifecycle
            .use_generation(id, generation, at, expires_at)
            .await?;
        match &used {
            GenerationUse::Live(account) => {
                self.learn(&Arc::new(SessionAccount::clone(account)), before);
            }
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
