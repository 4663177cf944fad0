//! The contract of the store, with the memory in front: whatever is called, what is remembered
//! afterwards is what is stored.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::SessionId;
use domain::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeRepository, PhoneLookups,
    RepositoryError, SessionLifecycle, SessionRepository, SignatoryRepository, UserRepository,
    WechatTokenRepository,
};
use domain::secret::SecretHash;
use domain::session::SessionAccount;
use domain::testing::repository_contract::{Guest, StoreUnderTest};
use domain::testing::{FixedClock, InMemoryStore};
use domain::time::Timestamp;

use super::{SessionMemory, StorePorts, ports};

/// A replica on a store that it shares with others.
#[derive(Clone)]
struct Replica {
    store: Arc<InMemoryStore>,
    ports: StorePorts,
    sessions: Arc<Compared>,
}

/// Looks each session up twice, in the memory and in the store.
struct Compared {
    store: Arc<InMemoryStore>,
    remembering: Arc<dyn SessionRepository>,
    at: Timestamp,
}

#[async_trait]
impl SessionRepository for Compared {
    async fn find(&self, id: SessionId) -> Result<Option<SessionAccount>, RepositoryError> {
        let stored = SessionRepository::find(&*self.store, id).await?;
        let usable = stored.clone().filter(|account| account.is_usable(self.at));
        // Twice, because the first may have read what the second remembers.
        for _ in 0..2 {
            let found = self.remembering.find_usable(id, self.at).await?;
            assert_eq!(found.as_deref(), usable.as_ref());
        }
        Ok(stored)
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

async fn replica() -> Replica {
    let at = Guest::new("wx01", "o1").visit(0).at;
    let store: Arc<InMemoryStore> = Arc::default();
    let clock = Arc::new(FixedClock::at(at));
    let memory = Arc::new(SessionMemory::new(store.clone(), clock));
    memory.catch_up().await.unwrap();
    let ports = ports(&store, store.clone()).remembered_by(&memory);
    let sessions = Arc::new(Compared {
        store: Arc::clone(&store),
        remembering: Arc::clone(&ports.sessions),
        at,
    });
    Replica {
        store,
        ports,
        sessions,
    }
}

/// Declares where each port comes from.
macro_rules! ports_from {
    ($($name:ident: $port:ident = $($field:ident).+;)*) => {$(
        fn $name(&self) -> Arc<dyn $port> {
            self.$($field).+.clone()
        }
    )*};
}

impl StoreUnderTest for Replica {
    ports_from! {
        users: UserRepository = ports.users;
        sessions: SessionRepository = sessions;
        lifecycle: SessionLifecycle = ports.lifecycle;
        accounts: AccountRepository = ports.accounts;
        merges: MergeRepository = ports.merges;
        // The memory does not stand in front of these.
        bans: BanRepository = store;
        audit: AuditLog = store;
        signatories: SignatoryRepository = store;
        changes: ChangeFeed = store;
        wechat_tokens: WechatTokenRepository = store;
        phone_lookups: PhoneLookups = store;
    }

    /// The same replica: what another changes, this one may learn later.
    fn replica(&self) -> Box<dyn StoreUnderTest> {
        Box::new(self.clone())
    }
}

domain::repository_contract!(replica);
