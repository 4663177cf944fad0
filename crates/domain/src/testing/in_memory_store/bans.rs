//! Bans that outlive the account.

use std::collections::HashSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::{BanRow, BannedName, IdentityKey, InMemoryStore, Tables, page_of};
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::ban::Ban;
use crate::id::UserId;
use crate::ports::{BanRepository, StoreResult};

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
    pub(super) fn is_banned(&self, name: &BannedName) -> bool {
        self.bans.iter().any(|row| row.names.contains(name))
    }

    /// Bans one identity of a user, or all of them, if the user is disabled.
    pub(super) fn ban(&mut self, user: UserId, only: Option<&IdentityKey>, audit: &AuditEntry) {
        if !self.is_disabled(user) {
            return;
        }
        let position = self.bans.iter().position(|row| row.ban.user_id == user);
        let mut row = position
            .map(|index| self.bans.remove(index))
            .unwrap_or(BanRow {
                ban: Ban {
                    id: audit.id,
                    user_id: user,
                    at: audit.at,
                    app_ids: Vec::new(),
                },
                names: HashSet::new(),
            });
        for (key, identity) in &self.identities {
            if identity.user_id != user || only.is_some_and(|only| only != key) {
                continue;
            }
            row.ban.app_ids.push(key.0.clone());
            row.names.insert(BannedName::Identity(key.clone()));
            let union = identity
                .open_platform
                .clone()
                .zip(identity.union_id.clone());
            row.names.extend(union.map(BannedName::Union));
        }
        row.ban.app_ids.sort();
        row.ban.app_ids.dedup();
        self.bans.push(row);
    }
}
