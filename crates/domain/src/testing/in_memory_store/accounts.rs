//! What users and the operator do to accounts, and whose session_key signs.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{IdentityKey, IdentityRow, InMemoryStore, Tables, Union, page_of};
use crate::account::{Account, AccountExport, AccountQuery, EXPORTED_SESSIONS, Page, Withdrawal};
use crate::audit::AuditEntry;
use crate::id::{AppId, OpenId, UnionId, UserId};
use crate::ports::{AccountRepository, Change, MergeCandidate, SignatoryRepository, StoreResult};
use crate::profile::ProfileEdit;
use crate::secret::SessionKey;
use crate::signatures::{Signatory, Whom};
use crate::time::Timestamp;
use crate::user::User;

#[async_trait]
impl AccountRepository for InMemoryStore {
    async fn find(&self, id: UserId) -> StoreResult<Option<Account>> {
        Ok(self.tables().find(id))
    }

    async fn search(&self, query: &AccountQuery, page: Page<UserId>) -> StoreResult<Vec<Account>> {
        let tables = self.tables();
        let all = tables.users.keys().filter_map(|id| tables.find(*id));
        let found = all.filter(|account| matches(account, query));
        Ok(page_of(found, page, |account| account.user.id))
    }

    async fn session_keys(&self, app: &AppId, open_id: &OpenId) -> StoreResult<Vec<SessionKey>> {
        let tables = self.tables();
        let identity = tables.identities.get(&(app.clone(), open_id.clone()));
        Ok(identity.map_or_else(Vec::new, |row| row.session_keys.clone()))
    }

    async fn edit_profile(&self, id: UserId, edit: ProfileEdit) -> StoreResult<Option<User>> {
        Ok(self.tables().change(id, |user| user.profile.apply(edit)))
    }

    async fn set_phone(&self, id: UserId, phone: &str) -> StoreResult<Option<User>> {
        let phone = phone.to_owned();
        Ok(self.tables().change(id, |user| user.phone = Some(phone)))
    }

    async fn set_disabled(
        &self,
        id: UserId,
        is_disabled: bool,
        audit: AuditEntry,
    ) -> StoreResult<Option<Account>> {
        let mut tables = self.tables();
        let disabled_at = is_disabled.then_some(audit.at);
        if tables.set_disabled(id, disabled_at).is_some() {
            tables.audit.push(audit);
            if !is_disabled {
                tables.bans.retain(|row| row.ban.user_id != id);
            }
        }
        Ok(tables.find(id))
    }

    async fn end_sessions(&self, id: UserId, audit: AuditEntry) -> StoreResult<Option<usize>> {
        let mut tables = self.tables();
        if !tables.users.contains_key(&id) {
            return Ok(None);
        }
        let ended = tables.end(id, audit.at, |_| true);
        tables.audit.push(audit);
        Ok(Some(ended))
    }

    async fn delete(&self, id: UserId, audit: AuditEntry) -> StoreResult<bool> {
        let mut tables = self.tables();
        if !tables.users.contains_key(&id) {
            return Ok(tables.done(&audit).is_some());
        }
        tables.ban(id, None, &audit);
        tables.release_unions(id, &[], &audit);
        tables.delete(id);
        tables.audit.push(audit);
        Ok(true)
    }

    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> StoreResult<bool> {
        let mut tables = self.tables();
        let key = (app.clone(), open_id.clone());
        if tables.done(&audit).is_some() {
            return Ok(true);
        }
        let Some(user_id) = tables.identities.get(&key).map(|row| row.user_id) else {
            return Ok(false);
        };
        tables.change(user_id, |user| {
            for withdrawal in withdrawn {
                match withdrawal {
                    Withdrawal::NickName => user.profile.nick_name = None,
                    Withdrawal::Avatar => user.profile.avatar_url = None,
                    Withdrawal::Phone => user.phone = None,
                    Withdrawal::Identity => {}
                }
            }
        });
        if withdrawn.contains(&Withdrawal::Identity) {
            tables.ban(user_id, Some(&key), &audit);
            tables.delete_identity(user_id, &key, &audit);
        }
        tables.audit.push(audit.about(user_id));
        Ok(true)
    }

    async fn export(&self, id: UserId) -> StoreResult<Option<AccountExport>> {
        let tables = self.tables();
        let mut candidates: Vec<_> = tables.merge_candidates.iter().collect();
        candidates.sort_by_key(|row| row.candidate.id);
        let others = candidates.into_iter().filter_map(|row| row.other_of(id));
        let of_user = |entry: &&AuditEntry| entry.user_id == Some(id);
        Ok(tables.find(id).map(|account| AccountExport {
            account,
            sessions: tables.sessions_of(id, Page::first(EXPORTED_SESSIONS), |_| true),
            audit: tables.audit.iter().filter(of_user).cloned().collect(),
            merge_candidates: others.collect(),
        }))
    }
}

impl Tables {
    pub(super) fn find(&self, id: UserId) -> Option<Account> {
        let user = self.users.get(&id)?.clone();
        let rows = self.identities.values().filter(|row| row.user_id == id);
        let mut identities: Vec<_> = rows.map(|row| row.known.clone()).collect();
        identities.sort_by_key(|known| known.created_at);
        Some(Account { user, identities })
    }

    /// Changes a user, and gives them as they are then.
    pub(super) fn change(&mut self, id: UserId, change: impl FnOnce(&mut User)) -> Option<User> {
        let user = self.users.get_mut(&id)?;
        let avatar_url = user.profile.avatar_url.clone();
        change(user);
        let user = user.clone();
        if avatar_url != user.profile.avatar_url {
            self.replace_avatar(avatar_url, user.profile.avatar_url.as_deref());
        }
        self.changes.push(Change::User(id));
        Some(user)
    }

    /// Disables a user from `at` on, or enables them.
    pub(super) fn set_disabled(&mut self, id: UserId, at: Option<Timestamp>) -> Option<User> {
        let user = self.change(id, |user| {
            user.disabled_at = at.map(|at| user.disabled_at.unwrap_or(at));
        });
        if let Some(at) = at {
            self.end(id, at, |_| true);
        }
        user
    }

    pub(super) fn delete(&mut self, id: UserId) {
        let gone = self.users.remove(&id);
        self.replace_avatar(gone.and_then(|user| user.profile.avatar_url), None);
        self.identities.retain(|_, row| row.user_id != id);
        self.union_owners.retain(|_, owner| *owner != id);
        self.sessions.retain(|_, row| row.session.user_id != id);
        let candidates = &mut self.merge_candidates;
        candidates.retain(|row| row.other_of(id).is_none());
        self.changes.push(Change::User(id));
    }

    fn delete_identity(&mut self, id: UserId, key: &IdentityKey, audit: &AuditEntry) {
        self.identities.remove(key);
        self.sessions.retain(|_, row| row.identity != *key);
        let left = self.find(id).map(|account| account.identities);
        let left = left.unwrap_or_default();
        let Some(last_login_at) = left.iter().map(|known| known.last_login_at).max() else {
            self.release_unions(id, &[], audit);
            return self.delete(id);
        };
        self.change(id, |user| user.last_login_at = last_login_at);
        let shown = left.into_iter().filter_map(|known| known.identity.union_id);
        let shown: Vec<_> = shown.collect();
        self.release_unions(id, &shown, audit);
        self.merge_candidates
            .retain(|row| row.other_of(id).is_none() || shown.contains(&row.candidate.union_id));
    }

    /// Gives the unionids of a user, but for those still `shown`, to others who show them: to an
    /// enabled user first, then to that of the oldest identity.
    fn release_unions(&mut self, id: UserId, shown: &[UnionId], audit: &AuditEntry) {
        let is_freed =
            |(_, union_id): &Union, owner: &mut UserId| *owner == id && !shown.contains(union_id);
        let freed: Vec<_> = self.union_owners.extract_if(is_freed).collect();
        for (union, _) in freed {
            let rows = self.identities.values();
            let rows = rows.filter(|row| row.user_id != id && row.union().as_ref() == Some(&union));
            let user = |row: &IdentityRow| {
                let is_disabled = self.is_disabled(row.user_id);
                (is_disabled, row.known.created_at, row.user_id)
            };
            let claimants: BTreeSet<_> = rows.map(user).collect();
            let Some((_, _, owner)) = claimants.first().copied() else {
                continue;
            };
            for (_, _, other) in claimants {
                if other != owner {
                    let id = MergeCandidate::id_after(audit.id, other, owner);
                    self.note_merge(id, &union.1, (other, owner), audit.at);
                }
            }
            self.union_owners.insert(union, owner);
        }
    }
}

fn matches(account: &Account, query: &AccountQuery) -> bool {
    let mut identities = account.identities.iter().map(|known| &known.identity);
    let mut again = identities.clone();
    let phone = account.user.phone.as_ref();
    (query.open_id.is_none() || identities.any(|of| Some(&of.open_id) == query.open_id.as_ref()))
        && (query.union_id.is_none() || again.any(|of| of.union_id == query.union_id))
        && (query.phones.is_empty() || phone.is_some_and(|phone| query.phones.contains(phone)))
}

#[async_trait]
impl SignatoryRepository for InMemoryStore {
    async fn find(&self, app: &AppId, user: &Whom) -> StoreResult<Option<Signatory>> {
        let tables = self.tables();
        let in_app = tables.identities.iter().filter(|((app_id, open_id), row)| {
            let is_meant = match user {
                Whom::User(id) => row.user_id == *id,
                Whom::OpenId(meant) => open_id == meant,
            };
            is_meant && app_id == app
        });
        let found = in_app.max_by_key(|(_, row)| row.known.last_login_at);
        Ok(found.map(|((_, open_id), row)| Signatory {
            user_id: row.user_id,
            is_disabled: tables.is_disabled(row.user_id),
            open_id: open_id.clone(),
            session_key: row.session_keys.first().cloned(),
        }))
    }
}
