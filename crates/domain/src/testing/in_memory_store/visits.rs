//! Logins, and finding their sessions again.

use std::sync::Arc;

use async_trait::async_trait;

use super::{IdentityRow, InMemoryStore, SessionRow, Tables};
use crate::account::AccountIdentity;
use crate::id::{AppId, OpenId, SessionId, UserId};
use crate::ports::{Change, RepositoryError, SessionRepository, StoreResult, UserRepository};
use crate::secret::{SecretHash, SessionKey};
use crate::session::SessionAccount;
use crate::time::Timestamp;
use crate::user::{Identity, User};
use crate::visit::{SentCode, Visit, VisitOutcome};

const KEPT_SESSION_KEYS: usize = 3;

#[async_trait]
impl UserRepository for InMemoryStore {
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome> {
        let mut tables = self.tables();
        if tables.sessions.contains_key(&visit.session.id) {
            let cause = "there is a session with this id already".into();
            return Err(RepositoryError::Internal(cause));
        }
        let recorded = tables.record_visit(visit);
        Ok(recorded.unwrap_or(VisitOutcome::UserDisabled))
    }
}

#[async_trait]
impl SessionRepository for InMemoryStore {
    async fn find(&self, id: SessionId) -> StoreResult<Option<SessionAccount>> {
        Ok(self.tables().account(id))
    }

    async fn find_repeated(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        since: Timestamp,
    ) -> StoreResult<Option<SessionAccount>> {
        let tables = self.tables();
        let nonce = Some(nonce);
        let sent = Some(SentCode { code, nonce });
        let mut rows = tables.sessions.values();
        let found = rows.find(|row| row.sent == sent && row.session.created_at >= since);
        Ok(found.and_then(|row| tables.account(row.session.id)))
    }
}

fn first_seen((app_id, open_id): &(AppId, OpenId), user_id: UserId, at: Timestamp) -> IdentityRow {
    IdentityRow {
        user_id,
        known: AccountIdentity {
            identity: Identity {
                app_id: app_id.clone(),
                open_id: open_id.clone(),
                union_id: None,
            },
            created_at: at,
            last_login_at: at,
        },
        open_platform: None,
        session_keys: Vec::new(),
    }
}

fn keep(keys: &mut Vec<SessionKey>, key: SessionKey) {
    if keys.first().map(SessionKey::expose) != Some(key.expose()) {
        keys.insert(0, key);
        keys.truncate(KEPT_SESSION_KEYS);
    }
}

impl Tables {
    /// `None` if the user is disabled or banned.
    fn record_visit(&mut self, visit: Visit) -> Option<VisitOutcome> {
        let key = (visit.app.id.clone(), visit.open_id.clone());
        let union = visit.app.open_platform.clone().zip(visit.union_id.clone());
        let owner = union.as_ref().and_then(|of| self.union_owners.get(of));
        let known = self.identities.get(&key);
        let user_id = known.map(|row| row.user_id).or(owner.copied());
        let user_id = user_id.unwrap_or(visit.new_user_id);
        let is_told = known.is_none_or(|row| row.known.identity.union_id != visit.union_id);
        let told = union.as_ref().filter(|_| is_told);
        let is_banned = self.bans.iter().any(|row| {
            known.is_none() && row.identities.contains(&key)
                || told.is_some_and(|union| row.unions.contains(union))
        });
        if is_banned || self.is_disabled(user_id) {
            return None;
        }

        let is_new = !self.users.contains_key(&user_id);
        let user = self.users.entry(user_id);
        let user = user.or_insert_with(|| User::new(user_id, visit.at));
        user.last_login_at = user.last_login_at.max(visit.at);
        let before = user.profile.clone();
        for report in visit.reports {
            user.profile.learn(report);
        }
        let mut is_changed = user.profile != before;

        let row = self.identities.entry(key.clone());
        let row = row.or_insert_with(|| first_seen(&key, user_id, visit.at));
        row.known.last_login_at = row.known.last_login_at.max(visit.at);
        if visit.union_id.is_some() {
            let is_told = row.known.identity.union_id != visit.union_id;
            is_changed |= is_told;
            if is_told || visit.app.open_platform.is_some() {
                row.open_platform = visit.app.open_platform;
            }
            row.known.identity.union_id = visit.union_id;
        }
        if let Some(key) = visit.session_key {
            keep(&mut row.session_keys, key);
        }
        let id = visit.session.id;
        if let Some(union) = union {
            let owner = *self.union_owners.entry(union.clone()).or_insert(user_id);
            if owner != user_id {
                self.note_merge(id.as_uuid(), &union.1, (user_id, owner), visit.at);
            }
        }
        if is_changed && !is_new {
            self.changes.push(Change::User(user_id));
        }
        let session = SessionRow {
            session: visit.session.open(user_id, visit.at),
            identity: key,
            sent: visit.session.sent,
        };
        self.sessions.insert(id, session);
        let account = Arc::new(self.account(id)?);
        let ended_others = self.bound(user_id, visit.sessions_per_user, visit.at);
        Some(VisitOutcome::Recorded {
            account,
            ended_others,
        })
    }

    /// `None` if the session, its user or its identity is not there.
    pub(super) fn account(&self, id: SessionId) -> Option<SessionAccount> {
        let row = self.sessions.get(&id)?;
        Some(SessionAccount {
            session: row.session.clone(),
            user: self.users.get(&row.session.user_id)?.clone(),
            identity: self.identities.get(&row.identity)?.known.identity.clone(),
        })
    }
}
