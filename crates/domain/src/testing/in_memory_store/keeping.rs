//! What is only kept: the audit log, changes, keys and tokens.

use async_trait::async_trait;
use uuid::Uuid;

use super::InMemoryStore;
use crate::account::Page;
use crate::audit::{AuditEntry, AuditQuery};
use crate::ports::{
    AuditLog, Change, ChangeFeed, RepositoryError, SigningKeyRepository, StoredSigningKey,
    StoredWechatToken, WechatTokenRepository,
};
use crate::time::Timestamp;

#[async_trait]
impl AuditLog for InMemoryStore {
    async fn record(&self, entry: AuditEntry) -> Result<(), RepositoryError> {
        self.tables().audit.push(entry);
        Ok(())
    }

    async fn search(
        &self,
        query: &AuditQuery,
        page: Page<Uuid>,
    ) -> Result<Vec<AuditEntry>, RepositoryError> {
        let mut found = self.tables().audit.clone();
        found.retain(|entry| {
            query.user_id.is_none_or(|user| entry.user_id == Some(user))
                && query.action.is_none_or(|action| entry.action == action)
                && page.after.is_none_or(|after| entry.id < after)
        });
        found.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        found.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}

#[async_trait]
impl ChangeFeed for InMemoryStore {
    async fn recent(&self) -> Result<Vec<Change>, RepositoryError> {
        Ok(self.tables().changes.clone())
    }
}

#[async_trait]
impl SigningKeyRepository for InMemoryStore {
    async fn all(&self) -> Result<Vec<StoredSigningKey>, RepositoryError> {
        Ok(self.tables().signing_keys.clone())
    }

    async fn store_first(&self, key: StoredSigningKey) -> Result<(), RepositoryError> {
        let keys = &mut self.tables().signing_keys;
        if keys.is_empty() {
            keys.push(key);
        }
        Ok(())
    }

    async fn rotate(
        &self,
        key: StoredSigningKey,
        dead_since: Timestamp,
        audit: AuditEntry,
    ) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        tables.signing_keys.push(key);
        let newest_first = |key: &StoredSigningKey| std::cmp::Reverse((key.created_at, key.id));
        tables.signing_keys.sort_by_key(newest_first);
        let mut successor = None;
        tables.signing_keys.retain(|key| {
            let is_dead = successor.is_some_and(|made_at| made_at <= dead_since);
            successor = Some(key.created_at);
            !is_dead
        });
        tables.audit.push(audit);
        Ok(())
    }
}

#[async_trait]
impl WechatTokenRepository for InMemoryStore {
    async fn load(&self, key: &str) -> Result<Option<StoredWechatToken>, RepositoryError> {
        Ok(self.tables().wechat_tokens.get(key).cloned())
    }

    async fn save(&self, key: &str, token: &StoredWechatToken) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        tables.wechat_tokens.insert(key.to_owned(), token.clone());
        Ok(())
    }
}
