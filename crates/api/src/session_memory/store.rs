//! The ports of the store behind the session memory: whatever changes what is remembered passes
//! here, so that no caller has to think of it.
//!
//! A method that is added to one of these ports does not compile until it is added here, where it says how
//! it calls the store.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, SessionId, UserId};
use domain::ports::{
    AccountRepository, Change, GenerationUse, MergeCandidate, MergeOutcome, MergeRepository,
    SessionLifecycle, SessionRepository, StoreResult, TokenUse, UserRepository,
};
use domain::profile::ProfileEdit;
use domain::secret::{SecretHash, SessionKey};
use domain::session::{Generation, ListedSession, SessionAccount};
use domain::time::Timestamp;
use domain::user::User;
use domain::visit::{Visit, VisitOutcome};
use uuid::Uuid;

use super::SessionMemory;

/// The ports that write what the session memory remembers, or read it.
#[derive(Clone)]
pub(crate) struct StorePorts {
    pub(crate) users: Arc<dyn UserRepository>,
    pub(crate) sessions: Arc<dyn SessionRepository>,
    pub(crate) lifecycle: Arc<dyn SessionLifecycle>,
    pub(crate) accounts: Arc<dyn AccountRepository>,
    pub(crate) merges: Arc<dyn MergeRepository>,
}

impl StorePorts {
    pub(crate) fn remembered_by(self, memory: &Arc<SessionMemory>) -> Self {
        Self {
            users: Arc::new(Remembering::new(self.users, memory)),
            sessions: Arc::new(Remembering::new(self.sessions, memory)),
            lifecycle: Arc::new(Remembering::new(self.lifecycle, memory)),
            accounts: Arc::new(Remembering::new(self.accounts, memory)),
            merges: Arc::new(Remembering::new(self.merges, memory)),
        }
    }
}

/// A port of the store with the session memory in front of it.
struct Remembering<P: ?Sized> {
    store: Arc<P>,
    memory: Arc<SessionMemory>,
}

impl<P: ?Sized> Remembering<P> {
    fn new(store: Arc<P>, memory: &Arc<SessionMemory>) -> Self {
        Self {
            store,
            memory: Arc::clone(memory),
        }
    }

    async fn passing<T>(&self, call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        call.await
    }

    /// A call that may change a user or end their sessions, who is then forgotten: also if it
    /// failed, because the answer of a commit can be lost.
    async fn changing_user<T>(
        &self,
        user: UserId,
        call: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let result = call.await;
        self.memory.forget(Change::User(user));
        result
    }

    /// A call that may change users whom only the store can name: what the feed then tells is
    /// forgotten.
    async fn changing<T>(&self, call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let result = call.await;
        if self.memory.catch_up().await.is_err() {
            self.memory.forget(Change::Everything);
        }
        result
    }
}

#[async_trait]
impl UserRepository for Remembering<dyn UserRepository> {
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome> {
        let before = self.memory.before();
        let outcome = self.store.record_visit(visit).await?;
        if let VisitOutcome::Recorded {
            account,
            ended_others,
        } = &outcome
        {
            if *ended_others {
                self.memory.forget(Change::User(account.user.id));
            }
            self.memory.learn_login(account, before);
        }
        Ok(outcome)
    }
}

/// Puts the session memory in front of a port. Each method is called as it says: `passing` changes nothing
/// that is remembered, the others are [`Remembering::changing_user`] and [`Remembering::changing`]. Those in
/// braces are written out.
macro_rules! remembering {
    ($port:ident: $($how:ident$(($user:ident))? $name:ident($($value:ident: $type:ty),*) -> $result:ty;)*
        $({ $($written_out:tt)* })?) => {
        #[async_trait]
        impl $port for Remembering<dyn $port> {
            $(async fn $name(&self, $($value: $type),*) -> StoreResult<$result> {
                self.$how($($user,)? self.store.$name($($value),*)).await
            })*
            $($($written_out)*)?
        }
    };
}

remembering! { SessionRepository:
    passing find(id: SessionId) -> Option<SessionAccount>;
    passing find_repeated(code: SecretHash, nonce: SecretHash, since: Timestamp) -> Option<SessionAccount>;
    {
        async fn find_usable(
            &self,
            id: SessionId,
            at: Timestamp,
        ) -> StoreResult<Option<Arc<SessionAccount>>> {
            if let Some(account) = self.memory.find_usable(id, at) {
                return Ok(Some(account));
            }
            let before = self.memory.before();
            let found = self.store.find_usable(id, at).await?;
            match &found {
                Some(account) => self.memory.learn(account, before),
                None => self.memory.refuse(id),
            }
            Ok(found)
        }
    }
}

remembering! { SessionLifecycle:
    passing list(user: UserId, now: Timestamp, page: Page<SessionId>) -> Vec<ListedSession>;
    changing_user(user) end_all(user: UserId, at: Timestamp) -> usize;
    {
        async fn use_generation(
            &self,
            id: SessionId,
            generation: Generation,
            at: Timestamp,
            token: TokenUse,
        ) -> StoreResult<GenerationUse> {
            let before = self.memory.before();
            let used = self.store.use_generation(id, generation, at, token).await;
            match &used {
                Ok(GenerationUse::Live(account)) => {
                    let account = Arc::new(SessionAccount::clone(account));
                    self.memory.learn(&account, before);
                }
                Ok(GenerationUse::Replayed | GenerationUse::Ended) | Err(_) => {
                    self.memory.forget(Change::Session(id));
                }
            }
            used
        }

        async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
            let ended = self.store.end(user, id, at).await;
            self.memory.forget(Change::Session(id));
            ended
        }
    }
}

remembering! { AccountRepository:
    passing find(id: UserId) -> Option<Account>;
    passing search(query: &AccountQuery, page: Page<UserId>) -> Vec<Account>;
    passing session_keys(app: &AppId, open_id: &OpenId) -> Vec<SessionKey>;
    passing export(id: UserId) -> Option<AccountExport>;
    changing_user(id) edit_profile(id: UserId, edit: ProfileEdit) -> Option<User>;
    changing_user(id) set_phone(id: UserId, phone: &str) -> Option<User>;
    changing_user(id) set_disabled(id: UserId, is_disabled: bool, audit: AuditEntry) -> Option<Account>;
    changing_user(id) end_sessions(id: UserId, audit: AuditEntry) -> Option<usize>;
    changing_user(id) delete(id: UserId, audit: AuditEntry) -> bool;
    changing withdraw(app: &AppId, open_id: &OpenId, what: &[Withdrawal], audit: AuditEntry) -> bool;
}

remembering! { MergeRepository:
    passing open_candidates(page: Page<Uuid>) -> Vec<MergeCandidate>;
    passing dismiss(id: Uuid, audit: AuditEntry) -> bool;
    changing apply(id: Uuid, audit: AuditEntry) -> MergeOutcome;
}
