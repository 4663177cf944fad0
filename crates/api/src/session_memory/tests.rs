//! Tests of what is cached and what must not be.

mod coherence;

use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use domain::id::UserId;
use domain::ports::{News, SessionLifecycle, SessionRepository, TokenUse};
use domain::secret::SecretHash;
use domain::session::Generation;
use domain::testing::repository_contract::Guest;
use domain::testing::{FixedClock, InMemoryStore};
use domain::time::after;
use domain::visit::{Visit, VisitOutcome};
use tokio::sync::oneshot;

use super::*;

/// A second more than trust lasts.
const TOO_LONG: Duration = Duration::from_secs(5);

/// A store that counts what is read, holds the next answer back on request, and whose feed tells
/// of nothing.
#[derive(Default)]
struct Held {
    store: Arc<InMemoryStore>,
    reads: AtomicUsize,
    gate: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Held {
    /// Holds the next answer back until the sender is used.
    fn hold(&self) -> oneshot::Sender<()> {
        let (open, gate) = oneshot::channel();
        *self.gate.lock() = Some(gate);
        open
    }

    async fn pass(&self) {
        let gate = self.gate.lock().take();
        if let Some(gate) = gate {
            gate.await.unwrap();
        }
    }
}

#[async_trait]
impl SessionRepository for Held {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let found = SessionRepository::find(&*self.store, id).await;
        self.pass().await;
        found
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> Result<Option<SessionAccount>, RepositoryError> {
        self.store.find_repeated(code, nonce, since).await
    }
}

#[async_trait]
impl ChangeFeed for Held {
    async fn since(&self, _: Option<&FeedPosition>) -> Result<News, RepositoryError> {
        self.pass().await;
        Ok(News {
            changes: Vec::new(),
            position: FeedPosition::new(String::new()),
        })
    }
}

/// One replica, and a user who has a session there.
struct Bench {
    held: Arc<Held>,
    clock: Arc<FixedClock>,
    memory: Arc<SessionMemory>,
    ports: StorePorts,
    user: UserId,
    session: SessionId,
}

async fn bench() -> Bench {
    bench_of(Guest::new("wx01", "o-alice").visit(0)).await
}

/// A replica that has heard the feed, and remembers a login.
async fn bench_of(visit: Visit) -> Bench {
    let held = Arc::new(Held::default());
    let clock = Arc::new(FixedClock::at(visit.at));
    let memory = Arc::new(SessionMemory::new(held.clone(), clock.clone()));
    let ports = ports(&held.store, held.clone()).remembered_by(&memory);
    memory.catch_up().await.unwrap();
    let outcome = ports.users.record_visit(visit).await.unwrap();
    let VisitOutcome::Recorded { account, .. } = outcome else {
        unreachable!("no user is disabled");
    };
    Bench {
        held,
        clock,
        memory,
        ports,
        user: account.user.id,
        session: account.session.id,
    }
}

fn ports(store: &Arc<InMemoryStore>, sessions: Arc<dyn SessionRepository>) -> StorePorts {
    StorePorts {
        users: store.clone(),
        sessions,
        lifecycle: store.clone(),
        accounts: store.clone(),
        merges: store.clone(),
    }
}

impl Bench {
    fn reads(&self) -> usize {
        self.held.reads.load(Ordering::SeqCst)
    }

    async fn is_usable(&self) -> bool {
        let sessions = &self.ports.sessions;
        let found = sessions.find_usable(self.session, self.clock.now()).await;
        found.unwrap().is_some()
    }

    /// Ends the session on another replica. The feed will not tell.
    async fn end_elsewhere(&self) {
        let store = &self.held.store;
        let ended = store.end(self.user, self.session, self.clock.now()).await;
        assert!(ended.unwrap());
    }

    /// Time passes for the program and for everybody.
    fn wait(&self, span: Duration) {
        let added = &self.memory.time.added;
        added.fetch_add(millis(span), Ordering::SeqCst);
        self.clock.advance(span);
    }
}

#[tokio::test]
async fn a_login_is_remembered() {
    let bench = bench().await;
    for _ in 0..5 {
        assert!(bench.is_usable().await);
    }
    assert_eq!(bench.reads(), 0);
}

#[tokio::test]
async fn a_session_is_read_once() {
    let bench = bench().await;
    bench.memory.forget(Change::Everything);
    for _ in 0..5 {
        assert!(bench.is_usable().await);
    }
    assert_eq!(bench.reads(), 1);
}

#[tokio::test]
async fn what_was_being_read_while_it_ended_is_not_remembered() {
    let bench = bench().await;
    bench.memory.forget(Change::Everything);
    let open = bench.held.hold();
    let read_before = async { assert!(bench.is_usable().await) };
    let ended = async {
        let lifecycle = &bench.ports.lifecycle;
        let ended = lifecycle.end(bench.user, bench.session, bench.clock.now());
        assert!(ended.await.unwrap());
        open.send(()).unwrap();
    };
    tokio::join!(read_before, ended);
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn a_session_that_was_refused_is_not_learnt_from_an_earlier_read() {
    let bench = bench().await;
    bench.memory.forget(Change::Everything);
    let open = bench.held.hold();
    let read_before = async { assert!(bench.is_usable().await) };
    let refused = async {
        bench.end_elsewhere().await;
        assert!(!bench.is_usable().await);
        open.send(()).unwrap();
    };
    tokio::join!(read_before, refused);
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn a_session_that_was_refused_while_the_clock_was_wrong_is_refused_afterwards() {
    let bench = bench().await;
    bench.end_elsewhere().await;
    let (added, too_long) = (&bench.memory.time.added, millis(TOO_LONG));
    added.fetch_add(too_long, Ordering::SeqCst);
    assert!(!bench.is_usable().await);
    added.fetch_sub(too_long, Ordering::SeqCst);
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn sessions_of_a_user_that_all_ended_are_read_again() {
    let bench = bench().await;
    let lifecycle = &bench.ports.lifecycle;
    let ended = lifecycle.end_all(bench.user, bench.clock.now()).await;
    assert_eq!(ended.unwrap(), 1);
    assert!(!bench.is_usable().await);
    assert_eq!(bench.reads(), 1);
}

#[tokio::test]
async fn a_replica_that_was_paused_believes_nothing_neither_at_once_nor_after_the_next_read() {
    let bench = bench().await;
    bench.end_elsewhere().await;
    assert!(bench.is_usable().await, "this replica cannot know yet");
    bench.wait(TOO_LONG);
    assert!(!bench.is_usable().await);
    bench.memory.catch_up().await.unwrap();
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn a_machine_that_was_suspended_believes_nothing() {
    let bench = bench().await;
    bench.end_elsewhere().await;
    // Its monotonic clock stood still.
    bench.clock.advance(TOO_LONG);
    assert!(!bench.is_usable().await);
    bench.memory.catch_up().await.unwrap();
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn a_read_of_the_feed_that_took_too_long_forgets_everything() {
    let bench = bench().await;
    let open = bench.held.hold();
    let slow = bench.memory.catch_up();
    let meanwhile = async {
        bench.end_elsewhere().await;
        bench.wait(TOO_LONG);
        open.send(()).unwrap();
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);
    slow.unwrap();
    bench.memory.catch_up().await.unwrap();
    assert!(!bench.is_usable().await);
}

#[tokio::test]
async fn a_request_that_began_before_a_pause_teaches_nothing_after_it() {
    for is_answered_first in [true, false] {
        let bench = bench().await;
        bench.memory.forget(Change::Everything);
        let open = bench.held.hold();
        let began_before = async { assert!(bench.is_usable().await) };
        let pause = async {
            bench.end_elsewhere().await;
            bench.wait(TOO_LONG);
            if is_answered_first {
                open.send(()).unwrap();
                tokio::task::yield_now().await;
                bench.memory.catch_up().await.unwrap();
            } else {
                bench.memory.catch_up().await.unwrap();
                open.send(()).unwrap();
            }
        };
        tokio::join!(began_before, pause);
        assert!(!bench.is_usable().await, "{is_answered_first}");
    }
}

#[tokio::test]
async fn a_session_that_was_prolonged_elsewhere_is_usable_after_its_remembered_end() {
    let second = Duration::from_secs(1);
    let mut visit = Guest::new("wx01", "o-alice").visit(0);
    visit.session.expires_at = after(visit.at, second);
    let bench = bench_of(visit).await;
    // Prolonged by a refresh on another replica.
    let (generation, now) = (Generation::FIRST, bench.clock.now());
    let prolonged = TokenUse::Refresh {
        expires_at: after(now, Duration::from_hours(1)),
        grace: Duration::ZERO,
    };
    let store = &bench.held.store;
    let used = store.use_generation(bench.session, generation, now, prolonged);
    used.await.unwrap();
    bench.wait(2 * second);
    assert!(bench.is_usable().await);
    assert!(bench.is_usable().await);
    assert_eq!(bench.reads(), 1);
}
