//! Bans that outlive the account.

use std::collections::BTreeSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::{BanRow, IdentityKey, InMemoryStore, Tables, page_of};
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::id::UserId;
use crate::ports::{Ban, BanRepository, StoreResult};

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
            let ban = Ban {
                id: audit.id,
                user_id: user,
                at: audit.at,
                app_ids: Vec::new(),
            };
            let (identities, unions) = (BTreeSet::new(), Vec::new());
            self.bans.push(BanRow {
                ban,
                identities,
                unions,
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
