//! Accounts: finding, changing and deleting them.
//!
//! Every change of a user's row raises its revision, so that a login in progress, which writes the
//! profile it has read and learnt to, reads it again first.

mod find;
mod remove;
mod union_ids;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use domain::account::{Account, AccountExport, AccountQuery, Page, Withdrawal};
use domain::audit::AuditEntry;
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{AccountRepository, StoreResult};
use domain::profile::{Profile, ProfileEdit};
use domain::secret::SessionKey;
use domain::user::User;

use crate::database::Database;
use crate::rows::ProfileRow;
use crate::schema::{bans, identities, users};
use crate::transaction::lock_user;
use crate::types::{DbId, DbInstant};
use crate::{audit, session_lifecycle, strays};
use remove::Removed;

impl Database {
    /// Has the sessions removed that are left, if something was removed. Gives whether it was.
    fn finish(&self, removed: Option<Removed>) -> bool {
        if let Some((user, true)) = removed {
            strays::remove_others(&self.pool, user);
        }
        removed.is_some()
    }
}

#[async_trait]
impl AccountRepository for Database {
    async fn find(&self, id: UserId) -> StoreResult<Option<Account>> {
        self.call(move |connection| find::find(connection, id))
            .await
    }

    async fn search(&self, query: &AccountQuery, page: Page<UserId>) -> StoreResult<Vec<Account>> {
        let query = query.clone();
        self.call(move |connection| find::search(connection, &query, page))
            .await
    }

    async fn session_keys(&self, app: &AppId, open_id: &OpenId) -> StoreResult<Vec<SessionKey>> {
        let name = (open_id.as_str().to_owned(), app.as_str().to_owned());
        let row = self.call(move |connection| {
            let identity = identities::table.find((&name.0, &name.1));
            let keys = identity.select(identities::session_keys);
            Ok(keys.first::<Vec<u8>>(connection).optional()?)
        });
        let row = row.await?.unwrap_or_default();
        Ok(self.vaults.session_keys.open_all(app, open_id, &row)?)
    }

    async fn edit_profile(&self, id: UserId, edit: ProfileEdit) -> StoreResult<Option<User>> {
        self.transact(move |connection| {
            if !lock_user(connection, id)? {
                return Ok(None);
            }
            let user = users::table.find(DbId(id.as_uuid()));
            let mut profile = user
                .select(ProfileRow::as_select())
                .first(connection)
                .map(Profile::from)?;
            profile.apply(edit.clone());
            diesel::update(user)
                .set((
                    ProfileRow::from(profile),
                    users::revision.eq(users::revision + 1),
                ))
                .execute(connection)?;
            Ok(find::find(connection, id)?.map(|account| account.user))
        })
        .await
    }

    async fn set_phone(&self, id: UserId, phone: &str) -> StoreResult<Option<User>> {
        let phone = phone.to_owned();
        self.transact(move |connection| {
            diesel::update(users::table.find(DbId(id.as_uuid())))
                .set((
                    users::phone.eq(&phone),
                    users::revision.eq(users::revision + 1),
                ))
                .execute(connection)?;
            Ok(find::find(connection, id)?.map(|account| account.user))
        })
        .await
    }

    async fn set_disabled(
        &self,
        id: UserId,
        is_disabled: bool,
        audit: AuditEntry,
    ) -> StoreResult<Option<Account>> {
        let disabled_at = is_disabled.then_some(audit.at);
        self.transact(move |connection| {
            if !lock_user(connection, id)? {
                return Ok(None);
            }
            let user = users::table.find(DbId(id.as_uuid()));
            let revision = users::revision.eq(users::revision + 1);
            match disabled_at.map(DbInstant::from) {
                None => {
                    let enabled = users::disabled_at.eq(None::<DbInstant>);
                    diesel::update(user)
                        .set((enabled, revision))
                        .execute(connection)?;
                    let lifted = bans::table.filter(bans::user_id.eq(DbId(id.as_uuid())));
                    diesel::delete(lifted).execute(connection)?;
                }
                Some(at) => {
                    // Since when they were, if they already are.
                    diesel::update(user.filter(users::disabled_at.is_null()))
                        .set((users::disabled_at.eq(at), revision))
                        .execute(connection)?;
                }
            }
            // No login of this user is stored that has been planned upon how the user was.
            session_lifecycle::outdate_logins(connection, id)?;
            if let Some(at) = disabled_at {
                // Last: a login that was faster than the line before has its session by now.
                session_lifecycle::end_all(connection, id, at)?;
            }
            audit::record(connection, &audit)?;
            find::find(connection, id)
        })
        .await
    }

    async fn end_sessions(&self, id: UserId, audit: AuditEntry) -> StoreResult<Option<usize>> {
        self.transact(move |connection| {
            if !lock_user(connection, id)? {
                return Ok(None);
            }
            let ended = session_lifecycle::end_all(connection, id, audit.at)?;
            audit::record(connection, &audit)?;
            Ok(Some(ended))
        })
        .await
    }

    async fn delete(&self, id: UserId, audit: AuditEntry) -> StoreResult<bool> {
        let keys = Arc::clone(&self.vaults.stored_keys);
        let deleted =
            self.transact(move |connection| remove::delete(connection, &keys, id, &audit));
        Ok(self.finish(deleted.await?))
    }

    async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        audit: AuditEntry,
    ) -> StoreResult<bool> {
        let (app, open_id) = (app.clone(), open_id.clone());
        let withdrawn = withdrawn.to_vec();
        let keys = Arc::clone(&self.vaults.stored_keys);
        let removed = self.transact(move |connection| {
            remove::withdraw(connection, &keys, &app, &open_id, &withdrawn, &audit)
        });
        Ok(self.finish(removed.await?))
    }

    async fn export(&self, id: UserId) -> StoreResult<Option<AccountExport>> {
        self.transact(move |connection| find::export(connection, id))
            .await
    }
}
