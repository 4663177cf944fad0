//! What this replica remembers of sessions and users, so that a request with a token asks the
//! database nothing; and how it learns that it must forget.

mod forgotten_users;
mod latest;
mod store;
mod trust;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::id::{SessionId, UserId};
use domain::ports::{Change, ChangeFeed, Clock, FeedPosition, RepositoryError};
use domain::session::SessionAccount;
use domain::time::Timestamp;
use domain::visit::is_first_visit;
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use forgotten_users::ForgottenUsers;
use latest::Latest;
pub(crate) use store::StorePorts;
use trust::Trust;

use crate::machine_time::{MachineTime, millis};

/// How often the changes other replicas made are read.
const READ_EVERY: Duration = Duration::from_secs(1);

const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// What all that is remembered may weigh, bytes: some 6 500 sessions, those that were used least
/// go first. With fewer a busy replica would ask the database more often, with more the storm of
/// logins after an outage would make it fat.
const CAPACITY: u64 = 7 << 19;

/// Bytes of an entry besides the account: the entry itself and its place in the cache's tables.
const ENTRY: usize = 128;

/// Bytes the allocator adds to a text.
const TEXT: usize = 16;

/// How many sessions that is, more or less; the cache lays itself out for so many.
const USUALLY: usize = 6_500;

/// What this replica remembers. Use cases and handlers do not know it: it stands behind the ports
/// of the store ([`StorePorts::remembered_by`]).
///
/// A session is remembered with its user, and believed unless the user was forgotten, or has logged
/// in here, since: so that makes every session of theirs be read again, without a search for them.
pub(crate) struct SessionMemory {
    feed: Arc<dyn ChangeFeed>,
    remembered: Cache<SessionId, Remembered, Weight>,
    users: ForgottenUsers,
    /// A login may change what the user's other sessions show of them.
    logins: Latest<UserId>,
    /// Sessions that the store refused. What was read of one before that is not learnt afterwards.
    refusals: Latest<SessionId>,
    trust: Trust,
    time: MachineTime,
    /// How far the feed has been read. Locked by the reader until its changes are applied, so that a
    /// second reader cannot find nothing new and continue earlier.
    position: tokio::sync::Mutex<Option<FeedPosition>>,
    /// How often something was forgotten.
    forgotten: AtomicU64,
    /// Held while something is forgotten, and while something is learnt that nothing forgotten
    /// contradicts: so a request never finds what was learnt a moment too late.
    order: Mutex<()>,
}

#[derive(Clone)]
struct Remembered {
    account: Arc<SessionAccount>,
    /// All that was forgotten up to this moment was known when the session was read.
    learnt: Moment,
    /// So were all logins up to this one.
    logins: u64,
    /// When it was learnt, in milliseconds of [`MachineTime::elapsed_ms`].
    at: u64,
}

/// A point in the order of what was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

/// What was known before something was read.
#[derive(Clone, Copy)]
struct Before {
    moment: Moment,
    logins: u64,
    refusals: u64,
}

impl SessionMemory {
    pub(crate) fn new(feed: Arc<dyn ChangeFeed>, machine: Arc<dyn Clock>) -> Self {
        Self {
            feed,
            remembered: Cache::with_weighter(USUALLY, CAPACITY, Weight),
            users: ForgottenUsers::default(),
            logins: Latest::default(),
            refusals: Latest::default(),
            trust: Trust::default(),
            time: MachineTime::new(machine),
            position: tokio::sync::Mutex::default(),
            forgotten: AtomicU64::new(0),
            order: Mutex::new(()),
        }
    }

    /// Reads the feed again and again, until the memory is dropped. If the database does not
    /// answer, what is remembered is soon believed no more.
    pub(crate) async fn listen(memory: Weak<Self>) {
        while let Some(memory) = memory.upgrade() {
            if let Err(error) = memory.catch_up().await {
                tracing::debug!(%error, "the changes of other replicas could not be read");
            }
            memory.drop_what_is_too_old();
            drop(memory);
            tokio::time::sleep(READ_EVERY).await;
        }
    }

    /// Forgets what has changed before this call, here or elsewhere.
    async fn catch_up(&self) -> Result<(), RepositoryError> {
        let mut position = self.position.lock().await;
        // Trust counts from before the query is sent: its snapshot is not older.
        let asked = self.time.now();
        let news = self.feed.since(position.as_ref()).await?;
        // Between two reads that are far apart, more may have changed than the feed shows. The
        // second saw the database at the latest when it was answered.
        if !self.trust.holds_at(self.time.now()) {
            self.forget(Change::Everything);
        }
        for change in news.changes {
            self.forget(change);
        }
        *position = Some(news.position);
        self.trust.renew(asked);
        Ok(())
    }

    /// The session, if it is remembered as one that can be used at `at`.
    fn find_usable(&self, id: SessionId, at: Timestamp) -> Option<Arc<SessionAccount>> {
        let now = self.time.now();
        if !self.trust.holds_at(now) {
            return None;
        }
        let known = self.remembered.get(&id)?;
        let is_young = now.elapsed < known.at + millis(REMEMBERED_FOR);
        let user = known.account.user.id;
        let user_is_known = known.learnt >= self.users.forgotten_at(user);
        let user_is_current = known.logins >= self.logins.of(&user);
        let is_believed = is_young && user_is_known && user_is_current;
        (is_believed && known.account.is_usable(at)).then_some(known.account)
    }

    /// To be taken before something is read that is to be learnt.
    fn before(&self) -> Before {
        Before {
            moment: self.moment(),
            logins: self.logins.count(),
            refusals: self.refusals.count(),
        }
    }

    /// Remembers a login; what is remembered with other sessions of its user is not believed any
    /// more, because it may have changed the user.
    fn learn_login(&self, account: &Arc<SessionAccount>, mut before: Before) {
        if !is_first_visit(account) {
            before.logins = self.logins.add(account.user.id);
        }
        self.learn(account, before);
    }

    /// Remembers what has been read since `before`, unless something was forgotten meanwhile: it
    /// could be this.
    fn learn(&self, account: &Arc<SessionAccount>, before: Before) {
        let remembered = Remembered {
            account: Arc::clone(account),
            learnt: before.moment,
            logins: before.logins,
            at: self.time.elapsed_ms(),
        };
        let id = account.session.id;
        let _order = self.order.lock();
        if self.moment() == before.moment && self.refusals.of(&id) <= before.refusals {
            self.remembered.insert(id, remembered);
        }
    }

    /// The store has refused the session. Another request may have read it just before and not learnt
    /// it yet; without this it would be believed once more, until the feed tells that it is over.
    fn refuse(&self, id: SessionId) {
        let _order = self.order.lock();
        self.refusals.add(id);
        self.remembered.remove(&id);
    }

    fn forget(&self, change: Change) {
        let _order = self.order.lock();
        let moment = Moment(self.forgotten.fetch_add(1, Ordering::SeqCst) + 1);
        match change {
            Change::Session(id) => {
                self.remembered.remove(&id);
            }
            Change::User(id) => self.users.forget(id, moment, self.time.elapsed_ms()),
            Change::Everything => {
                self.users.forget_everybody(moment);
                self.remembered.clear();
            }
        }
    }

    /// Gives memory back that is of no use any more.
    fn drop_what_is_too_old(&self) {
        let now = self.time.elapsed_ms();
        let oldest = now.saturating_sub(millis(REMEMBERED_FOR));
        self.users.drop_older_than(oldest);
    }

    fn moment(&self) -> Moment {
        Moment(self.forgotten.load(Ordering::SeqCst))
    }
}

/// What a remembered session costs in bytes, near enough.
#[derive(Clone)]
struct Weight;

impl Weighter<SessionId, Remembered> for Weight {
    fn weight(&self, _: &SessionId, remembered: &Remembered) -> u64 {
        let SessionAccount { user, identity, .. } = &*remembered.account;
        let texts = user.profile.texts().chain(user.phone.as_deref());
        let texts = texts.map(|text| text.len() + TEXT);
        // The app's name is shared.
        let names = [
            identity.open_id.as_str(),
            identity.union_id.as_ref().map_or("", |id| id.as_str()),
        ];
        let names = names.map(|name| name.len() + TEXT);
        let bytes = ENTRY
            + size_of::<SessionAccount>()
            + texts.sum::<usize>()
            + names.iter().sum::<usize>();
        bytes as u64
    }
}

#[cfg(test)]
mod tests;
