//! Users who seem to be one person, and bans that outlive the account.

use std::collections::BTreeSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::{BanRow, IdentityKey, InMemoryStore, MergeRow, Tables, page_of};
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::id::{UnionId, UserId};
use crate::ports::{
    Ban, BanRepository, MergeCandidate, MergeOutcome, MergeRepository, StoreResult,
};
use crate::time::Timestamp;

#[async_trait]
impl MergeRepository for InMemoryStore {
    async fn open_candidates(&self, page: Page<Uuid>) -> StoreResult<Vec<MergeCandidate>> {
        let tables = self.tables();
        let open = tables.merge_candidates.iter().filter(|row| row.is_open);
        let disabled_at = |user| tables.users.get(&user).and_then(|user| user.disabled_at);
        let open = open.map(|row| MergeCandidate {
            user_disabled_at: disabled_at(row.candidate.user_id),
            union_user_disabled_at: disabled_at(row.candidate.union_user_id),
            ..row.candidate.clone()
        });
        Ok(page_of(open, page, |candidate| candidate.id))
    }

    async fn apply(&self, id: Uuid, audit: AuditEntry) -> StoreResult<MergeOutcome> {
        let mut tables = self.tables();
        let Some((gone, stays)) = tables.open(id).map(|row| row.pair()) else {
            let remaining = tables.done(&audit).and_then(|done| done.user_id);
            return Ok(remaining.map_or(MergeOutcome::NotOpen, MergeOutcome::Applied));
        };
        if tables.is_disabled(gone) != tables.is_disabled(stays) {
            return Ok(MergeOutcome::OneIsDisabled);
        }
        tables.merge(gone, stays, audit.at);
        tables.audit.push(audit.about(stays));
        Ok(MergeOutcome::Applied(stays))
    }

    async fn dismiss(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        let mut tables = self.tables();
        let Some(row) = tables.open(id) else {
            return Ok(tables.done(&audit).is_some());
        };
        row.is_open = false;
        tables.audit.push(audit);
        Ok(true)
    }
}

impl Tables {
    /// Notes two users as one person, unless the pair is noted already.
    pub(super) fn note_merge(
        &mut self,
        id: Uuid,
        union_id: &UnionId,
        pair @ (user_id, union_user_id): (UserId, UserId),
        created_at: Timestamp,
    ) {
        if self.is_noted(pair) {
            return;
        }
        self.merge_candidates.push(MergeRow {
            candidate: MergeCandidate {
                id,
                union_id: union_id.clone(),
                user_id,
                union_user_id,
                created_at,
                user_disabled_at: None,
                union_user_disabled_at: None,
            },
            is_open: true,
        });
    }

    fn is_noted(&self, pair: (UserId, UserId)) -> bool {
        self.merge_candidates.iter().any(|row| row.pair() == pair)
    }

    fn open(&mut self, id: Uuid) -> Option<&mut MergeRow> {
        let mut rows = self.merge_candidates.iter_mut();
        rows.find(|row| row.candidate.id == id && row.is_open)
    }

    fn merge(&mut self, gone: UserId, stays: UserId, at: Timestamp) {
        if let Some(from) = self.users.get(&gone).cloned() {
            self.change(stays, |user| {
                user.profile = std::mem::take(&mut user.profile).or(from.profile);
                user.phone = user.phone.take().or(from.phone);
                user.last_login_at = user.last_login_at.max(from.last_login_at);
            });
        }
        let moved = |user: &mut UserId| {
            if *user == gone {
                *user = stays;
            }
        };
        self.end(gone, at, |_| true);
        for row in self.sessions.values_mut() {
            moved(&mut row.session.user_id);
        }
        for row in self.identities.values_mut() {
            moved(&mut row.user_id);
        }
        self.union_owners.values_mut().for_each(moved);
        for row in &mut self.bans {
            moved(&mut row.ban.user_id);
        }

        let mut rows = std::mem::take(&mut self.merge_candidates);
        // Of two that become one pair, the one stays that was of it before.
        rows.sort_by_key(|row| (row.other_of(gone).is_some(), row.candidate.id));
        for mut row in rows {
            moved(&mut row.candidate.user_id);
            moved(&mut row.candidate.union_user_id);
            let pair = row.pair();
            if pair.0 != pair.1 && !self.is_noted(pair) {
                self.merge_candidates.push(row);
            }
        }
        self.delete(gone);
    }
}

#[async_trait]
impl BanRepository for InMemoryStore {
    async fn list(&self, page: Page<Uuid>) -> StoreResult<Vec<Ban>> {
        let tables = self.tables();
        let bans = tables.bans.iter().map(|row| row.ban.clone());
        Ok(page_of(bans, page, |ban| ban.id))
    }

    async fn lift(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        let mut tables = self.tables();
        let Some(index) = tables.bans.iter().position(|row| row.ban.id == id) else {
            return Ok(tables.done(&audit).is_some());
        };
        let lifted = tables.bans.remove(index);
        tables.audit.push(audit.about(lifted.ban.user_id));
        Ok(true)
    }
}

impl Tables {
    /// Bans one identity of a user, or all of them, if the user is disabled.
    pub(super) fn ban(&mut self, user: UserId, only: Option<&IdentityKey>, audit: &AuditEntry) {
        if !self.is_disabled(user) {
            return;
        }
        let index = self.bans.iter().position(|row| row.ban.user_id == user);
        let index = index.unwrap_or_else(|| {
            self.bans.push(BanRow {
                ban: Ban {
                    id: audit.id,
                    user_id: user,
                    at: audit.at,
                    app_ids: Vec::new(),
                },
                identities: BTreeSet::new(),
                unions: Vec::new(),
            });
            self.bans.len() - 1
        });
        let row = &mut self.bans[index];
        for (key, identity) in &self.identities {
            if identity.user_id == user && only.is_none_or(|only| only == key) {
                row.identities.insert(key.clone());
                row.unions.extend(identity.union());
            }
        }
        row.ban.app_ids = row.identities.iter().map(|(app, _)| app.clone()).collect();
        row.ban.app_ids.dedup();
    }
}
