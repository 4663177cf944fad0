//! Whose session_key signs.

use async_trait::async_trait;

use super::InMemoryStore;
use crate::id::AppId;
use crate::ports::{SignatoryRepository, StoreResult};
use crate::signatures::{Signatory, Whom};

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
