//! The ports of the store behind the session memory: whatever changes what is remembered passes
//! here, so that no caller has to think of it.
//!
//! A method that is added to one of these ports does not compile until it is added here. It calls the
//! store as it is, or in [`changing_user`](Remembering::changing_user) or
//! [`changing`](Remembering::changing).

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

#[async_trait]
impl SessionRepository for Remembering<dyn SessionRepository> {
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>> {
        self.store.find(id).await
    }

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
        if let Some(account) = &found {
            self.memory.learn(account, before);
        }
        Ok(found)
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>> {
        self.store.find_repeated(code, nonce, since).await
    }
}

#[async_trait]
impl SessionLifecycle for Remembering<dyn SessionLifecycle> {
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

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>> {
        self.store.list(user, now, page).await
    }

    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        let ended = self.store.end(user, id, at).await;
        self.memory.forget(Change::Session(id));
        ended
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> StoreResult<usize> {
        self.changing_user(user, self.store.end_all(user, at)).await
    }
}

#[async_trait]
impl AccountRepository for Remembering<dyn AccountRepository> {
    async fn find(&self, id: UserId) -> StoreResult<Option<Account>> {
        self.store.find(id).await
    }

    async fn search(&self, query: &AccountQuery, page: Page<UserId>) -> StoreResult<Vec<Account>> {
        self.store.search(query, page).await
    }

    async fn session_keys(&self, app: &AppId, open_id: &OpenId) -> StoreResult<Vec<SessionKey>> {
        self.store.session_keys(app, open_id).await
    }

    async fn edit_profile(&self, id: UserId, edit: ProfileEdit) -> StoreResult<Option<User>> {
        self.changing_user(id, self.store.edit_profile(id, edit))
            .await
    }

    async fn set_phone(&self, id: UserId, phone: &str) -> StoreResult<Option<User>> {
        self.changing_user(id, self.store.set_phone(id, phone))
            .await
    }

    async fn set_disabled(
        &self,
        id: UserId,
        is_disabled: bool,
        audit: AuditEntry,
    ) -> StoreResult<Option<Account>> {
        self.changing_user(id, self.store.set_disabled(id, is_disabled, audit))
            .await
    }

    async fn end_sessions(&self, id: UserId, audit: AuditEntry) -> StoreResult<Option<usize>> {
        self.changing_user(id, self.store.end_sessions(id, audit))
            .await
    }

    async fn delete(&self, id: UserId, audit: AuditEntry) -> StoreResult<bool> {
        self.changing_user(id, self.store.delete(id, audit)).await
    }

    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> StoreResult<bool> {
        self.changing(self.store.withdraw(app, open_id, withdrawn, audit))
            .await
    }

    async fn export(&self, id: UserId) -> StoreResult<Option<AccountExport>> {
        self.store.export(id).await
    }
}

#[async_trait]
impl MergeRepository for Remembering<dyn MergeRepository> {
    async fn open_candidates(&self, page: Page<Uuid>) -> StoreResult<Vec<MergeCandidate>> {
        self.store.open_candidates(page).await
    }

    async fn apply(&self, id: Uuid, audit: AuditEntry) -> StoreResult<MergeOutcome> {
        self.changing(self.store.apply(id, audit)).await
    }

    async fn dismiss(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        self.store.dismiss(id, audit).await
    }
}
