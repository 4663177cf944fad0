//! What is only kept: the audit log, changes, replaced pictures, tokens and lookups.

use async_trait::async_trait;
use uuid::Uuid;

use super::{InMemoryStore, Tables, newest_of};
use crate::account::Page;
use crate::audit::{AuditEntry, AuditQuery};
use crate::id::UserId;
use crate::ports::{
    AuditLog, Change, ChangeFeed, FeedPosition, News, PhoneLookups, ReplacedAvatar,
    ReplacedAvatars, StoreResult, StoredWechatToken, WechatTokenRepository,
};
use crate::time::Timestamp;

#[async_trait]
impl AuditLog for InMemoryStore {
    async fn record(&self, entry: AuditEntry) -> StoreResult<()> {
        self.tables().audit.push(entry);
        Ok(())
    }

    async fn search(&self, query: &AuditQuery, page: Page<Uuid>) -> StoreResult<Vec<AuditEntry>> {
        let tables = self.tables();
        let found = tables.audit.iter().filter(|entry| {
            query.user_id.is_none_or(|user| entry.user_id == Some(user))
                && query.action.is_none_or(|action| entry.action == action)
        });
        Ok(newest_of(found.cloned(), page, |entry| entry.id))
    }
}

#[async_trait]
impl ChangeFeed for InMemoryStore {
    async fn since(&self, position: Option<&FeedPosition>) -> StoreResult<News> {
        let changes = &self.tables().changes;
        let told = position.and_then(|position| position.as_str().parse::<usize>().ok());
        let news = told.and_then(|told| changes.get(told..));
        Ok(News {
            changes: news.map_or_else(|| vec![Change::Everything], <[Change]>::to_vec),
            position: FeedPosition::new(changes.len().to_string()),
        })
    }
}

#[async_trait]
impl WechatTokenRepository for InMemoryStore {
    async fn load(&self, key: &str) -> StoreResult<Option<StoredWechatToken>> {
        Ok(self.tables().wechat_tokens.get(key).cloned())
    }

    async fn save(&self, key: &str, token: &StoredWechatToken) -> StoreResult<()> {
        let mut tables = self.tables();
        tables.wechat_tokens.insert(key.to_owned(), token.clone());
        Ok(())
    }
}

#[async_trait]
impl ReplacedAvatars for InMemoryStore {
    async fn announce(&self, url: &str, due_at: Timestamp) -> StoreResult<()> {
        self.tables().note_unused(url.to_owned(), due_at);
        Ok(())
    }

    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<ReplacedAvatar>> {
        let tables = self.tables();
        let due = tables.replaced_avatars.iter().filter(|row| row.0 <= now);
        Ok(due.map(|row| row.1.clone()).take(limit as usize).collect())
    }

    async fn forget(&self, id: i64) -> StoreResult<()> {
        self.tables().replaced_avatars.retain(|row| row.1.id != id);
        Ok(())
    }
}

impl Tables {
    /// A user has the picture `new` in place of `old`.
    pub(super) fn replace_avatar(&mut self, old: Option<String>, new: Option<&str>) {
        self.replaced_avatars
            .retain(|row| Some(row.1.url.as_str()) != new);
        if let Some(url) = old {
            self.note_unused(url, Timestamp::UNIX_EPOCH);
        }
    }

    fn note_unused(&mut self, url: String, due_at: Timestamp) {
        let id = self.replaced_avatars.last().map_or(1, |last| last.1.id + 1);
        self.replaced_avatars
            .push((due_at, ReplacedAvatar { id, url }));
    }
}

#[async_trait]
impl PhoneLookups for InMemoryStore {
    async fn count(&self, user: UserId, day: i32, at_most: u32) -> StoreResult<bool> {
        let mut tables = self.tables();
        let (last, lookups) = tables.phone_lookups.entry(user).or_insert((day, 0));
        if *last != day {
            (*last, *lookups) = (day, 0);
        }
        let is_counted = *lookups < at_most;
        *lookups += u32::from(is_counted);
        Ok(is_counted)
    }

    async fn uncount(&self, user: UserId, day: i32) -> StoreResult<()> {
        if let Some((last, lookups)) = self.tables().phone_lookups.get_mut(&user)
            && *last == day
        {
            *lookups = lookups.saturating_sub(1);
        }
        Ok(())
    }
}
