//! Bans that outlive the account.

use async_trait::async_trait;
use uuid::Uuid;

use super::{BanRow, BannedName, IdentityKey, IdentityRow, InMemoryStore, Tables};
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::ban::Ban;
use crate::id::UserId;
use crate::ports::{BanRepository, StoreResult};

#[async_trait]
impl BanRepository for InMemoryStore {
    async fn list(&self, page: Page<Uuid>) -> StoreResult<Vec<Ban>> {
        let tables = self.tables();
        let mut bans: Vec<_> = tables.bans.iter().map(|row| row.ban.clone()).collect();
        bans.sort_by_key(|ban| ban.id);
        bans.retain(|ban| page.after.is_none_or(|after| ban.id > after));
        bans.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(bans)
    }

    async fn lift(&self, id: Uuid, audit: AuditEntry) -> StoreResult<bool> {
        let mut tables = self.tables();
        let Some(index) = tables.bans.iter().position(|row| row.ban.id == id) else {
            return Ok(tables.done(&audit).is_some());
        };
        let lifted = tables.bans.remove(index);
        tables.audit.push(AuditEntry {
            user_id: Some(lifted.ban.user_id),
            ..audit
        });
        Ok(true)
    }
}

impl Tables {
    pub(super) fn is_banned(&self, name: &BannedName) -> bool {
        self.bans.iter().any(|row| row.names.contains(name))
    }

    /// Bans one identity of a user, or all of them, if the user is disabled.
    pub(super) fn ban(&mut self, user: UserId, only: Option<&IdentityKey>, audit: &AuditEntry) {
        let found = self.users.get(&user);
        if found.is_none_or(|user| user.disabled_at.is_none()) {
            return;
        }
        let is_meant = |key: &IdentityKey, row: &IdentityRow| {
            row.user_id == user && only.is_none_or(|only| only == key)
        };
        let banned = self
            .identities
            .iter()
            .filter(|(key, row)| is_meant(key, row));
        let position = self.bans.iter().position(|row| row.ban.user_id == user);
        let mut row = match position {
            Some(index) => self.bans.remove(index),
            None => BanRow::new(user, audit),
        };
        for (key, identity) in banned {
            row.ban.app_ids.push(key.0.clone());
            row.names.insert(BannedName::Identity(key.clone()));
            let union = identity
                .open_platform
                .clone()
                .zip(identity.union_id.clone());
            row.names
                .extend(union.map(|(platform, union_id)| BannedName::Union(platform, union_id)));
        }
        row.ban.app_ids.sort();
        row.ban.app_ids.dedup();
        self.bans.push(row);
    }
}

impl BanRow {
    fn new(user: UserId, audit: &AuditEntry) -> Self {
        let ban = Ban {
            id: audit.id,
            user_id: user,
            at: audit.at,
            app_ids: Vec::new(),
        };
        Self {
            ban,
            names: std::collections::HashSet::new(),
        }
    }
}
