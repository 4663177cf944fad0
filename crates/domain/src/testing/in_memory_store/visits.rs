//! Logins, and finding their sessions again.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BannedName, IdentityRow, InMemoryStore, SessionRow, Tables};
use crate::id::SessionId;
use crate::ports::{Change, RepositoryError, SessionRepository, StoreResult, UserRepository};
use crate::secret::{SecretHash, SessionKey};
use crate::session::SessionAccount;
use crate::time::Timestamp;
use crate::user::{Identity, User};
use crate::visit::{SentCode, Visit, VisitOutcome};

const KEPT_SESSION_KEYS: usize = 3;

#[derive(Debug, thiserror::Error)]
#[error("there is a session with this id already")]
struct SessionExists;

#[async_trait]
impl UserRepository for InMemoryStore {
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome> {
        self.tables().record_visit(visit)
    }
}

#[async_trait]
impl SessionRepository for InMemoryStore {
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>> {
        let tables = self.tables();
        Ok(tables.sessions.get(&id).and_then(|row| tables.account(row)))
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>> {
        let tables = self.tables();
        let mut sessions = tables.sessions.values();
        let nonce = Some(nonce);
        let found = sessions.find(|row| {
            row.sent == Some(SentCode { code, nonce }) && row.session.created_at >= since
        });
        Ok(found.and_then(|row| tables.account(row)))
    }
}

impl Tables {
    fn record_visit(&mut self, visit: Visit) -> StoreResult<VisitOutcome> {
        if self.sessions.contains_key(&visit.session.id) {
            return Err(RepositoryError::Internal(Box::new(SessionExists)));
        }
        let key = (visit.app.id.clone(), visit.open_id.clone());
        let union = visit.app.open_platform.clone().zip(visit.union_id.clone());
        let owner = union
            .as_ref()
            .and_then(|union| self.union_owners.get(union));
        let known = self.identities.get(&key);
        let user_id = known.map(|row| row.user_id).or(owner.copied());
        let user_id = user_id.unwrap_or(visit.new_user_id);
        let union_name = union.clone().map(BannedName::Union);
        let union_name =
            union_name.filter(|_| known.is_none_or(|row| row.union_id != visit.union_id));
        let identity_name = known.is_none().then(|| BannedName::Identity(key.clone()));
        let mut names = [identity_name, union_name].into_iter().flatten();
        if names.any(|name| self.is_banned(&name)) {
            return Ok(VisitOutcome::UserDisabled);
        }

        let is_new = !self.users.contains_key(&user_id);
        let user = self.users.entry(user_id);
        let user = user.or_insert_with(|| User::new(user_id, visit.at));
        if user.disabled_at.is_some() {
            return Ok(VisitOutcome::UserDisabled);
        }
        user.last_login_at = user.last_login_at.max(visit.at);
        let before = user.profile.clone();
        for report in visit.reports {
            user.profile.learn(report);
        }
        let mut is_changed = user.profile != before;

        let identity = self
            .identities
            .entry(key.clone())
            .or_insert_with(|| IdentityRow {
                user_id,
                union_id: None,
                open_platform: None,
                session_keys: Vec::new(),
                created_at: visit.at,
                last_login_at: visit.at,
            });
        identity.last_login_at = identity.last_login_at.max(visit.at);
        if visit.union_id.is_some() {
            let is_new_name = identity.union_id != visit.union_id;
            is_changed |= is_new_name;
            if is_new_name || visit.app.open_platform.is_some() {
                identity.open_platform.clone_from(&visit.app.open_platform);
            }
            identity.union_id = visit.union_id;
        }
        if let Some(session_key) = visit.session_key {
            keep(&mut identity.session_keys, session_key);
        }
        if let Some(union) = union {
            let union_id = union.1.clone();
            let owner = *self.union_owners.entry(union).or_insert(user_id);
            if owner != user_id {
                let id = visit.session.id.as_uuid();
                self.note_merge(id, &union_id, (user_id, owner), visit.at);
            }
        }
        if is_changed && !is_new {
            self.changes.push(Change::User(user_id));
        }
        let row = SessionRow {
            session: visit.session.open(user_id, visit.at),
            identity: key,
            sent: visit.session.sent,
        };
        let account = self.account(&row);
        self.sessions.insert(row.session.id, row);
        let ended_others = self.bound(user_id, visit.sessions_per_user, visit.at);
        Ok(account.map_or(VisitOutcome::UserDisabled, |account| {
            VisitOutcome::Recorded {
                account: Arc::new(account),
                ended_others,
            }
        }))
    }

    /// `None` if the user or the identity has been deleted.
    pub(super) fn account(&self, row: &SessionRow) -> Option<SessionAccount> {
        let (app_id, open_id) = row.identity.clone();
        let identity = Identity {
            union_id: self.identities.get(&row.identity)?.union_id.clone(),
            app_id,
            open_id,
        };
        Some(SessionAccount {
            session: row.session.clone(),
            user: self.users.get(&row.session.user_id)?.clone(),
            identity,
        })
    }
}

fn keep(keys: &mut Vec<SessionKey>, key: SessionKey) {
    let is_newest = |newest: &SessionKey| newest.expose() == key.expose();
    if !keys.first().is_some_and(is_newest) {
        keys.insert(0, key);
        keys.truncate(KEPT_SESSION_KEYS);
    }
}
