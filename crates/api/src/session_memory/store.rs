//! The ports of the store behind the session memory: whatever changes what is remembered passes
//! here, so that no caller has to think of it.
//!
//! A method that is added to one of these ports does not compile until it is added here. It then
//! chooses between [`plain`](Remembering::plain), [`changing_user`](Remembering::changing_user) and
//! [`changing`](Remembering::changing).

mod accounts;
mod merges;
mod sessions;
mod users;

use std::sync::Arc;

use domain::id::UserId;
use domain::ports::{
    AccountRepository, Change, MergeRepository, RepositoryError, SessionLifecycle,
    SessionRepository, UserRepository,
};

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
    /// These ports with `memory` in front of each.
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

    /// The store, for calls that change nothing that is remembered.
    fn plain(&self) -> &P {
        &self.store
    }

    /// Makes a call that may change a user or end their sessions, and forgets them: also if it
    /// failed, because the answer of a commit can be lost.
    async fn changing_user<'a, T, F>(
        &'a self,
        user: UserId,
        call: impl FnOnce(&'a P) -> F,
    ) -> Result<T, RepositoryError>
    where
        F: Future<Output = Result<T, RepositoryError>> + 'a,
    {
        let result = call(&self.store).await;
        self.memory.forget(Change::User(user));
        result
    }

    /// Makes a call that may change users whom only the store can name, and forgets what the feed
    /// then tells.
    async fn changing<'a, T, F>(
        &'a self,
        call: impl FnOnce(&'a P) -> F,
    ) -> Result<T, RepositoryError>
    where
        F: Future<Output = Result<T, RepositoryError>> + 'a,
    {
        let result = call(&self.store).await;
        if self.memory.catch_up().await.is_err() {
            self.memory.forget(Change::Everything);
        }
        result
    }
}
