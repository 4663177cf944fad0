//! What is remembered, and what must not be.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use domain::app::App;
use domain::id::{AppId, OpenId};
use domain::ports::UserRepository;
use domain::secret::SessionKey;
use domain::testing::InMemoryStore;
use domain::time::after;
use domain::visit::{NewSession, Visit, VisitOutcome};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

/// Counts what is read, and holds the next answer back on request.
#[derive(Default)]
struct Held {
    store: InMemoryStore,
    reads: AtomicUsize,
    gate: Mutex<Option<oneshot::Receiver<()>>>,
}

#[async_trait]
impl SessionRepository for Held {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let found = self.store.find(id).await;
        let gate = self.gate.lock().unwrap().take();
        if let Some(gate) = gate {
            gate.await.unwrap();
        }
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

struct Bench {
    held: Arc<Held>,
    memory: SessionMemory,
    account: SessionAccount,
}

/// A memory that has heard the feed, and a session in the store.
async fn bench() -> Bench {
    let held = Arc::new(Held::default());
    let visit = Visit {
        at: NOW,
        app: App {
            id: AppId::new("wx01"),
            open_platform: None,
        },
        open_id: OpenId::new("o-alice"),
        union_id: None,
        session_key: Some(SessionKey::new("key")),
        reports: Vec::new(),
        new_user_id: UserId::new(Uuid::now_v7()),
        session: NewSession {
            id: SessionId::new(Uuid::now_v7()),
            expires_at: after(NOW, Duration::from_hours(1)),
            code: SecretHash::from_bytes([1; 32]),
            nonce: None,
        },
    };
    let VisitOutcome::Recorded(account) = held.store.record_visit(visit).await.unwrap() else {
        unreachable!("nobody is disabled");
    };
    let store = Arc::new(Ended(Arc::clone(&held)));
    let memory = SessionMemory::new(Arc::clone(&held) as _, store.clone(), store);
    memory.catch_up().await;
    Bench {
        held,
        memory,
        account: *account,
    }
}

/// The other two ports of the store in `Held`.
struct Ended(Arc<Held>);

#[async_trait]
impl SessionLifecycle for Ended {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<GenerationUse, RepositoryError> {
        self.0
            .store
            .use_generation(id, generation, at, expires_at)
            .await
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<ListedSession>, RepositoryError> {
        self.0.store.list(user, now).await
    }

    async fn end(
        &self,
        user: UserId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        self.0.store.end(user, id, at).await
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<usize, RepositoryError> {
        self.0.store.end_all(user, at).await
    }
}

#[async_trait]
impl ChangeFeed for Ended {
    async fn recent(&self) -> Result<Vec<Change>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl Bench {
    fn reads(&self) -> usize {
        self.held.reads.load(Ordering::SeqCst)
    }

    async fn is_live(&self) -> bool {
        let found = self.memory.find(self.account.session.id).await.unwrap();
        found.is_some_and(|account| account.session.is_live(NOW))
    }
}

#[tokio::test]
async fn a_session_is_read_once() {
    let bench = bench().await;
    for _ in 0..5 {
        assert!(bench.is_live().await);
    }
    assert_eq!(bench.reads(), 1);
}

#[tokio::test]
async fn what_was_being_read_while_it_ended_is_not_remembered() {
    let bench = bench().await;
    let (open, gate) = oneshot::channel();
    *bench.held.gate.lock().unwrap() = Some(gate);
    let (user, session) = (bench.account.user.id, bench.account.session.id);
    let read_before = async {
        bench.memory.find(session).await.unwrap();
    };
    let ended = async {
        assert!(bench.memory.end(user, session, NOW).await.unwrap());
        open.send(()).unwrap();
    };
    tokio::join!(read_before, ended);
    assert!(!bench.is_live().await);
}

#[tokio::test]
async fn a_session_of_a_user_who_was_forgotten_is_read_again() {
    let bench = bench().await;
    assert!(bench.is_live().await);
    bench
        .memory
        .end_all(bench.account.user.id, NOW)
        .await
        .unwrap();
    assert!(!bench.is_live().await);
    assert_eq!(bench.reads(), 2);
}
