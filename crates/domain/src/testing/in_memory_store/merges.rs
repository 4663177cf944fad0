//! Users who seem to be one person.

use async_trait::async_trait;
use uuid::Uuid;

use super::accounts::other_of;
use super::{InMemoryStore, MergeRow, MergeState, Tables};
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::id::{UnionId, UserId};
use crate::ports::{MergeCandidate, MergeOutcome, MergeRepository, StoreResult};
use crate::time::Timestamp;
use crate::user::User;

#[async_trait]
impl MergeRepository for InMemoryStore {
    async fn open_candidates(&self, page: Page<Uuid>) -> StoreResult<Vec<MergeCandidate>> {
        let tables = self.tables();
        let open = tables.merge_candidates.iter();
        let open = open.filter(|row| row.state == MergeState::Open);
        let disabled_at = |user| tables.users.get(&user).and_then(|user| user.disabled_at);
        let mut open: Vec<_> = open
            .map(|row| MergeCandidate {
                user_disabled_at: disabled_at(row.candidate.user_id),
                union_user_disabled_at: disabled_at(row.candidate.union_user_id),
                ..row.candidate.clone()
            })
            .collect();
        open.sort_by_key(|candidate| candidate.id);
        open.retain(|candidate| page.after.is_none_or(|after| candidate.id > after));
        open.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(open)
    }

    async fn apply(&self, id: Uuid, at: Timestamp, audit: AuditEntry) -> StoreResult<MergeOutcome> {
        let mut tables = self.tables();
        let Some((gone, stays)) = tables.open_pair(id) else {
            let remaining = tables.done(&audit).and_then(|done| done.user_id);
            return Ok(remaining.map_or(MergeOutcome::NotOpen, MergeOutcome::Applied));
        };
        let is_disabled = |user| {
            let user = tables.users.get(user);
            user.is_some_and(|user| user.disabled_at.is_some())
        };
        if is_disabled(&gone) != is_disabled(&stays) {
            return Ok(MergeOutcome::OneIsDisabled);
        }
        tables.merge(gone, stays, at);
        tables.audit.push(AuditEntry {
            user_id: Some(stays),
            ..audit
        });
        Ok(MergeOutcome::Applied(stays))
    }

    async fn dismiss(&self, id: Uuid, _at: Timestamp, audit: AuditEntry) -> StoreResult<bool> {
        let mut tables = self.tables();
        let is_open = tables.open_pair(id).is_some();
        let is_done = tables.done(&audit).is_some();
        if is_open {
            let mut rows = tables.merge_candidates.iter_mut();
            if let Some(row) = rows.find(|row| row.candidate.id == id) {
                row.state = MergeState::Dismissed;
            }
            tables.audit.push(audit);
        }
        Ok(is_open || is_done)
    }
}

impl Tables {
    /// Notes two users as one person, unless the pair is noted already.
    pub(super) fn note_merge(
        &mut self,
        id: Uuid,
        union_id: &UnionId,
        (user_id, union_user_id): (UserId, UserId),
        created_at: Timestamp,
    ) {
        let is_same = |row: &MergeRow| {
            (row.candidate.user_id, row.candidate.union_user_id) == (user_id, union_user_id)
        };
        if self.merge_candidates.iter().any(is_same) {
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
            state: MergeState::Open,
        });
    }

    /// Who goes and who stays by an open candidate.
    fn open_pair(&self, id: Uuid) -> Option<(UserId, UserId)> {
        let mut rows = self.merge_candidates.iter();
        let row = rows.find(|row| row.candidate.id == id && row.state == MergeState::Open)?;
        Some((row.candidate.user_id, row.candidate.union_user_id))
    }

    fn merge(&mut self, gone: UserId, stays: UserId, at: Timestamp) {
        if let Some(from) = self.users.get(&gone).cloned() {
            self.change(stays, |user| fill(user, from));
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
        rows.sort_by_key(|row| (other_of(row, gone).is_some(), row.candidate.id));
        let mut pairs = Vec::new();
        for mut row in rows {
            moved(&mut row.candidate.user_id);
            moved(&mut row.candidate.union_user_id);
            let pair = (row.candidate.user_id, row.candidate.union_user_id);
            if pair.0 != pair.1 && !pairs.contains(&pair) {
                pairs.push(pair);
                self.merge_candidates.push(row);
            }
        }
        self.delete(gone);
    }
}

/// Gives a user what they lack and the other has.
fn fill(user: &mut User, from: User) {
    user.profile = std::mem::take(&mut user.profile).or(from.profile);
    user.phone = user.phone.take().or(from.phone);
    user.last_login_at = user.last_login_at.max(from.last_login_at);
}
